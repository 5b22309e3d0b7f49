"""Sagas of every kind of node behind the pages, and a browser that is logged in."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from infra.http.forms import CSRF_FIELD
from infra.http.guards import Guard
from infra.http.sessions import COOKIE
from orchestrator.definition.catalogue import Catalogue
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.orders import order, shipping

HTML = {"Accept": "text/html"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def backend(backend: FakeBackend) -> FakeBackend:
    """The backend with orders and their shipping beside `work`."""
    backend.catalogue = Catalogue([backend.saga, order, shipping])
    backend.mending = True
    return backend


@pytest.fixture
def ordered(backend: FakeBackend) -> Callable[..., Any]:
    """Begins an order; answers by step, an empty one never comes."""

    async def begin(key: str = "order-1", *, approved: bool | None = True, **answers: str) -> int:
        backend.answers = {name.replace("_", " "): how for name, how in answers.items()}
        await backend.start("order", key, {"order": 7, "address": HOSTILE}, 1)
        row = backend.reader.by_key(1, "order", key)
        assert row is not None
        if approved is not None:
            data = {"approved": approved}
            await backend.signal(row.id, "review", "", "ann", 1, request=f"r-{key}", data=data)
        return row.id

    return begin


@pytest.fixture
def csrf(guard: Guard, browser: httpx.AsyncClient) -> str:
    session = guard.sessions.find(browser.cookies[COOKIE])
    assert session is not None
    return session.csrf


@pytest.fixture
def fill(browser: httpx.AsyncClient) -> Callable[..., Any]:
    """Loads a page and sends its form as a browser does, with these fields filled in."""

    async def send(path: str, **given: str) -> httpx.Response:
        page = await browser.get(path, headers=HTML)
        assert page.status_code == 200, page.text
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        assert hidden[CSRF_FIELD]
        return await browser.post(path.partition("?")[0], data=hidden | given, headers=HTML)

    return send
