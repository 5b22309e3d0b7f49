"""Every route states its permission; token, cookie and CSRF token are what opens it."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from infra.clock import ManualClock
from infra.http.app import make_app
from infra.http.errors import UnguardedRoute
from infra.http.guards import Guard, Principal, stated_permissions
from infra.http.login import login_path
from infra.http.sessions import COOKIE, LOGIN_SECONDS, SESSION_SECONDS, Sessions

Client = httpx.AsyncClient


async def csrf(guard: Guard, browser: Client) -> str:
    session = guard.sessions.find(browser.cookies[COOKIE])
    assert session is not None
    return session.csrf


def test_every_route_states_what_it_needs(app: FastAPI):
    stated = dict(stated_permissions(app))
    assert stated["GET /things"] == ["things:read"]
    assert stated["POST /things"] == ["things:write"]
    assert stated["GET /login"] == ["open"]
    assert all(stated.values())


def test_an_application_with_an_unguarded_route_is_not_built(guard: Guard):
    inner = APIRouter(prefix="/inner")

    @inner.delete("/forgotten")
    def _forgotten() -> None:
        """States nothing."""

    outer = APIRouter(prefix="/outer")
    outer.include_router(inner)
    with pytest.raises(UnguardedRoute, match="DELETE /outer/inner/forgotten"):
        make_app("tests", guard, [outer])


def test_a_mounted_application_counts_as_unguarded(guard: Guard):
    router = APIRouter()
    router.mount("/elsewhere", FastAPI())
    with pytest.raises(UnguardedRoute, match="/elsewhere"):
        make_app("tests", guard, [router])


async def test_the_token_opens(client: Client):
    answer = await client.get("/things")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic dG9rZW4=",
        "token-of-the-tests-0123456789",
        "Bearer token-of-the-tests-0123456789x",
        "Bearer ünïcode",
    ],
)
async def test_nothing_else_opens(stranger: Client, header: str | None):
    headers = [] if header is None else [(b"authorization", header.encode("latin-1"))]
    answer = await stranger.get("/things", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("path", ["/things", "/things/raw", "/nowhere", "/things/bug/more"])
async def test_nothing_of_a_stranger_is_looked_at(stranger: Client, path: str):
    headers = {"Content-Type": "application/json"}
    answer = await stranger.post(path, content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_what_is_open_is_open(stranger: Client):
    assert (await stranger.get("/things/refused")).status_code == 409
    assert (await stranger.get("/login?code=x")).json()["code"] == "login_link_spent"


async def test_a_principal_may_only_what_it_holds(client_of, clock: ManualClock, app: FastAPI):
    reader = Principal("reader", tenant=1, permissions=frozenset({"things:read"}))
    app.state.guard = Guard("a" * 20, reader, Sessions(clock))
    client = client_of(app, token="a" * 20)
    assert (await client.get("/things")).status_code == 200
    refused = await client.post("/things", json={"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")


async def test_the_cookie_is_for_browsers_only(stranger: Client, guard: Guard):
    answer = await stranger.get(login_path(guard))
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie


async def test_a_login_link_works_once(stranger: Client, guard: Guard):
    link = login_path(guard)
    assert (await stranger.get(link)).status_code == 200
    stranger.cookies.clear()
    again = await stranger.get(link)
    assert (again.status_code, again.json()["code"]) == (401, "login_link_spent")
    assert "set-cookie" not in again.headers


async def test_a_login_link_gets_too_old(stranger: Client, guard: Guard, clock: ManualClock):
    link = login_path(guard)
    clock.advance(LOGIN_SECONDS * 1000)
    assert (await stranger.get(link)).status_code == 401


async def test_a_guessed_code_is_refused(stranger: Client):
    assert (await stranger.get("/login?code=abc")).status_code == 401
    assert (await stranger.get("/login")).status_code == 422


async def test_a_session_reads(browser: Client):
    assert (await browser.get("/things")).status_code == 200


async def test_a_session_ends_by_the_clock(browser: Client, clock: ManualClock):
    clock.advance(SESSION_SECONDS * 1000)
    assert (await browser.get("/things")).status_code == 401


async def test_a_write_with_the_cookie_needs_the_csrf_token(browser: Client, guard: Guard):
    body = {"name": "x"}
    bare = await browser.post("/things", json=body)
    assert (bare.status_code, bare.json()["code"]) == (403, "csrf_token_missing")
    wrong = await browser.post("/things", json=body, headers={"X-CSRF-Token": "guess"})
    assert wrong.status_code == 403
    token = await csrf(guard, browser)
    right = await browser.post("/things", json=body, headers={"X-CSRF-Token": token})
    assert right.json() == {"name": "x", "tenant": 7, "browser": True}


async def test_the_csrf_token_of_another_session_does_not_do(browser: Client, guard: Guard):
    other = guard.sessions.find(guard.sessions.login(guard.sessions.login_code()) or "")
    assert other is not None
    answer = await browser.post("/things", json={"name": "x"}, headers={"X-CSRF-Token": other.csrf})
    assert answer.status_code == 403


async def test_the_token_needs_no_csrf_token(client: Client):
    answer = await client.post("/things", json={"name": "x"})
    assert answer.json() == {"name": "x", "tenant": 7, "browser": False}


async def test_a_wrong_token_is_told_even_with_a_cookie(browser: Client):
    answer = await browser.get("/things", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401


async def test_the_token_makes_login_links(client: Client, stranger: Client):
    link = (await client.post("/login")).json()["url"]
    assert link.startswith(str(client.base_url))
    assert (await stranger.get(link)).status_code == 200
    assert (await stranger.get("/things")).status_code == 200
    assert (await stranger.get(link)).status_code == 401  # it works once


async def test_nobody_else_makes_login_links(stranger: Client):
    assert (await stranger.post("/login")).status_code == 401


async def test_logout_ends_the_session(browser: Client, guard: Guard):
    cookie = browser.cookies[COOKIE]
    token = await csrf(guard, browser)
    assert (await browser.post("/logout")).status_code == 403
    assert (await browser.post("/logout", headers={"X-CSRF-Token": token})).status_code == 204
    assert guard.sessions.find(cookie) is None


def test_sessions_are_bounded(clock: ManualClock):
    sessions = Sessions(clock)
    first = sessions.login_code()
    for _ in range(1_000):
        last = sessions.login_code()
    assert sessions.login(first) is None
    assert sessions.login(last) is not None


async def test_a_guard_goes_around_a_foreign_application(client_of, guard: Guard):
    async def foreign(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})

    guarded = guard.around(foreign, "docs:read")
    assert (await client_of(guarded).get("/")).text == "in"
    refused = await client_of(guarded, token=None).get("/")
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
