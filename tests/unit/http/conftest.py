"""One small application that uses all of `infra.http`, and clients for each kind of caller."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, Field

from infra.clock import ManualClock
from infra.http.app import make_app
from infra.http.errors import Problem
from infra.http.guards import OPEN, Guard, Principal, permission
from infra.http.login import login_path, login_router
from infra.http.paging import Page, page_of
from infra.http.requests import IdempotencyKey, JsonObject, Wait
from infra.http.sessions import Sessions

TOKEN = "token-of-the-tests-0123456789"

Client = httpx.AsyncClient
NewClient = Callable[..., Client]


class Line(BaseModel):
    """One line of a body."""

    quantity: int = Field(gt=0)


class Body(BaseModel):
    """A body with something nested."""

    name: str
    lines: list[Line] = []


def things() -> APIRouter:
    """Routes that each use one thing of `infra.http`."""
    router = APIRouter(prefix="/things")
    writer = permission("things:write")

    @router.get("", dependencies=[permission("things:read")])
    def listed(page: Page, request: Request, response: Response) -> Any:
        ids = [n for n in range(10, 0, -1) if page.after is None or n < page.after]
        rows = ids[: page.fetch]
        return page_of(
            rows, page, request=request, response=response, key=int, show=lambda n: {"id": n}
        )

    @router.post("")
    def typed(body: Body, who: Annotated[Principal, writer]) -> Any:
        return {"name": body.name, "tenant": who.tenant, "browser": who.session is not None}

    @router.post("/raw", dependencies=[writer])
    def raw(body: JsonObject) -> Any:
        return body

    @router.get("/headers", dependencies=[permission("things:read")])
    def headers(key: IdempotencyKey, wait: Wait) -> Any:
        return {"key": key, "wait": wait}

    @router.get("/bug", dependencies=[OPEN])
    def bug() -> Any:
        raise RuntimeError("the password is hunter2")

    @router.get("/refused", dependencies=[OPEN])
    def refused() -> Any:
        raise Problem(409, "no", code="nope", headers={"Retry-After": "3"}, members={"why": [1]})

    return router


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def guard(clock: ManualClock) -> Guard:
    return Guard(TOKEN, Principal("tests", tenant=7), Sessions(clock))


@pytest.fixture
def app(guard: Guard) -> FastAPI:
    return make_app("tests", guard, [things(), login_router("/things")])


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
def client(app: FastAPI, client_of: NewClient) -> Client:
    return client_of(app)


@pytest.fixture
def stranger(app: FastAPI, client_of: NewClient) -> Client:
    return client_of(app, token=None)


@pytest.fixture
async def browser(app: FastAPI, guard: Guard, client_of: NewClient) -> Client:
    """A client that came by a login link and has the cookie, nothing else."""
    browser = client_of(app, token=None)
    answer = await browser.get(login_path(guard))
    assert answer.status_code == 200
    return browser
