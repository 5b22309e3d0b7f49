"""Forms: read strictly, and with a cookie only with the CSRF token of its session."""

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request

from infra.http.app import make_app
from infra.http.errors import Problem
from infra.http.forms import CSRF_FIELD, MAX_FIELDS, form_of, form_permission
from infra.http.guards import Guard, Principal, stated_permissions
from infra.http.login import login_path, login_router
from infra.http.problems import show_problems_as
from infra.http.sessions import COOKIE
from tests.unit.http.conftest import NewClient

Client = httpx.AsyncClient
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def app(guard: Guard) -> FastAPI:
    """A form that answers with what it read."""
    router = APIRouter()

    @router.post("/form")
    async def form(
        request: Request, who: Annotated[Principal, form_permission("things:write")]
    ) -> Any:
        return {"fields": await form_of(request), "browser": who.session is not None}

    return make_app("tests", guard, [router, login_router("/form")])


@pytest.fixture
async def csrf(guard: Guard, browser: Client) -> str:
    session = guard.sessions.find(browser.cookies[COOKIE])
    assert session is not None
    return session.csrf


@pytest.fixture
async def browser(app: FastAPI, guard: Guard, client_of: NewClient) -> Client:
    browser = client_of(app, token=None)
    assert (await browser.get(login_path(guard))).status_code == 200
    return browser


def test_a_form_states_its_permission(app: FastAPI):
    assert dict(stated_permissions(app))["POST /form"] == ["things:write"]


async def test_a_browser_sends_a_form_with_its_token(browser: Client, csrf: str):
    fields = {"why": "a\r\nb", "empty": "", CSRF_FIELD: csrf, "ü&=": "é+ %"}
    answer = await browser.post("/form", data=fields)
    assert answer.json() == {
        "fields": {"why": "a\nb", "empty": "", "ü&=": "é+ %"},
        "browser": True,
    }


async def test_the_token_of_another_session_is_none(
    app: FastAPI, browser: Client, guard: Guard, client_of: NewClient
):
    other = client_of(app, token=None)
    await other.get(login_path(guard))
    session = guard.sessions.find(other.cookies[COOKIE])
    assert session is not None
    for fields in ({}, {CSRF_FIELD: ""}, {CSRF_FIELD: session.csrf}):
        answer = await browser.post("/form", data=fields)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_token_missing")


async def test_the_header_is_not_enough_for_a_form(browser: Client, csrf: str):
    answer = await browser.post("/form", data={"a": "b"}, headers={"X-CSRF-Token": csrf})
    assert answer.status_code == 403


async def test_who_holds_the_token_of_the_api_needs_none(client: Client):
    answer = await client.post("/form", data={"a": "b"})
    assert answer.json() == {"fields": {"a": "b"}, "browser": False}


async def test_a_stranger_is_sent_away_before_a_form_is_read(stranger: Client):
    answer = await stranger.post("/form", content=b"\xff", headers=FORM)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=1&a=2", "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"\xff", "application/x-www-form-urlencoded; charset=utf-8", 400),
        (
            b"&".join(b"f%d=" % n for n in range(MAX_FIELDS + 1)),
            "application/x-www-form-urlencoded",
            400,
        ),
        (b'{"a": 1}', "application/json", 415),
        (b"a=1", "", 415),
        (b"a=1", "multipart/form-data; boundary=x", 415),
    ],
)
async def test_odd_forms_are_refused(client: Client, body: bytes, kind: str, status: int):
    answer = await client.post("/form", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_form_where_json_belongs_needs_the_header(
    things_app: FastAPI, guard: Guard, client_of: NewClient
):
    """The doorkeeper lets forms through to the routes that take them; others ask as ever."""
    browser = client_of(things_app, token=None)
    await browser.get(login_path(guard))
    answer = await browser.post("/things/raw", data={"a": "b"})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_token_missing")


@pytest.fixture
def things_app(guard: Guard) -> FastAPI:
    from tests.unit.http.conftest import things  # pylint: disable=import-outside-toplevel

    return make_app("tests", guard, [things(), login_router("/things")])


async def test_problems_are_pages_where_the_application_has_some(
    app: FastAPI, client: Client, stranger: Client
):
    def page(request: Request, problem: Problem) -> httpx.Response | Any:
        from fastapi.responses import HTMLResponse  # pylint: disable=import-outside-toplevel

        if "text/html" not in request.headers.get("accept", ""):
            return None
        return HTMLResponse(f"<p>{problem.code}", problem.status)

    show_problems_as(app, page)
    html = {"Accept": "text/html"}
    assert (await client.post("/form", json={}, headers=html)).text == "<p>not_a_form"
    assert (await stranger.get("/form", headers=html)).text == "<p>unauthenticated"
    assert (await client.get("/nothing", headers=html)).text == "<p>not_found"
    assert (await client.post("/form", json={})).json()["code"] == "not_a_form"
