"""The admin application on a backend in memory, and clients of it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

import sagas
from infra.clock import ManualClock
from infra.http.guards import Guard, Principal
from infra.http.login import login_path
from infra.http.sessions import Sessions
from orchestrator.admin.application import admin_app
from orchestrator.admin.letters import Letter
from orchestrator.definition.nodes import Definition
from orchestrator.verify.at_start import checked_at_start
from orchestrator.verify.result import result
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.letters import FakeLetters

TOKEN = "token-of-the-tests-0123456789"
OTHER = "token-of-another-tenant-012345"

Client = httpx.AsyncClient


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_700_000_000_000)


@pytest.fixture
def backend(tmp_path: Path, clock: ManualClock) -> Iterator[FakeBackend]:
    backend = FakeBackend(tmp_path, clock)
    yield backend
    backend.close()


@pytest.fixture
def letters() -> FakeLetters:
    headers = (("content-type", b"application/json"), ("dlq-error", b"no JSON"))

    def letter(id: int, tenant: int, value: bytes | None) -> Letter:
        return Letter(id, "saga.replies", 1, 7, "no JSON", 1_000, tenant, b"key", value, headers)

    return FakeLetters(
        letter(1024, 1, b'{"tenant": "1"'),
        letter(2048, 1, b"\xff\x00"),
        letter(3072, 2, b"{}"),
        letter(4096, 1, None),
    )


@pytest.fixture
def guard(clock: ManualClock) -> Guard:
    return Guard(TOKEN, Principal("operator", tenant=1), Sessions(clock))


@pytest.fixture
def make_app(
    backend: FakeBackend, letters: FakeLetters, clock: ManualClock
) -> Callable[[Guard], Any]:
    contracts = [import_module(name) for name in sagas.app.contracts]
    checks = {
        one.subject.table.version: result(one) for one in checked_at_start(_versions(backend))
    }
    return lambda guard: admin_app(
        backend, letters, guard, clock, checks=checks, contracts=contracts
    )


def _versions(backend: FakeBackend) -> list[Definition]:
    """What the process checked when it started."""
    return [backend.saga.definition]


@pytest.fixture
def app(make_app: Callable[[Guard], Any], guard: Guard) -> Any:
    return make_app(guard)


@pytest.fixture
async def client_of() -> AsyncIterator[Callable[..., Client]]:
    """Makes clients of an ASGI application; `token` is sent as the bearer token."""
    async with AsyncExitStack() as stack:

        def make(app: Any, token: str | None = TOKEN) -> Client:
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = Client(transport=transport, base_url="http://test", headers=headers)
            stack.push_async_exit(client)
            return client

        yield make


@pytest.fixture
def client(app: Any, client_of: Callable[..., Client]) -> Client:
    return client_of(app)


@pytest.fixture
def stranger(app: Any, client_of: Callable[..., Client]) -> Client:
    return client_of(app, token=None)


@pytest.fixture
def other(make_app: Any, client_of: Callable[..., Client], clock: ManualClock) -> Client:
    """Somebody of another tenant, on the same backend."""
    guard = Guard(OTHER, Principal("other", tenant=2), Sessions(clock))
    return client_of(make_app(guard), token=OTHER)


@pytest.fixture
async def browser(app: Any, guard: Guard, client_of: Callable[..., Client]) -> Client:
    browser = client_of(app, token=None)
    assert (await browser.get(login_path(guard))).status_code == 200
    return browser
