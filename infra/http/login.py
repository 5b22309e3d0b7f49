"""The login link: `POST /login` makes one, `GET /login?code=...` gives the session cookie for it,
`POST /logout` ends the session.

The answer is a page that goes on by itself, not a redirect: a browser that came from another site
would not send a SameSite=Strict cookie along a redirect, and shows the same answer again when
reloaded.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from infra.http.errors import Problem
from infra.http.guards import OPEN, Guard, permission
from infra.http.problems import responses
from infra.http.sessions import COOKIE, SESSION_SECONDS

PATH = "/login"


class LoginLink(BaseModel):
    """Where a browser logs in."""

    url: str


def login_path(guard: Guard) -> str:
    """Path and query of a new login link; it works once."""
    return f"{PATH}?code={guard.sessions.login_code()}"


def login_router(home: str) -> APIRouter:
    """The routes of logging in and out; after login the browser goes on to the path `home`."""
    router = APIRouter(tags=["session"])
    page = (
        f'<!doctype html><meta http-equiv="refresh" content="0; url={home}">'
        f'<title>Logged in</title><a href="{home}">Go on</a>'
    )

    @router.get(
        PATH, dependencies=[OPEN], response_class=HTMLResponse, responses=responses(401, 422)
    )
    async def login(code: Annotated[str, Query(max_length=200)], request: Request) -> Response:
        """Exchange the code of a login link for a session cookie."""
        guard: Guard = request.app.state.guard
        cookie = guard.sessions.login(code)
        if cookie is None:
            detail = "this login link was used or is too old: `saga login` prints a new one"
            raise Problem(401, detail, code="login_link_spent")
        response = HTMLResponse(page)
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @router.post(PATH, dependencies=[permission("session:begin")], responses=responses(401, 403))
    async def link(request: Request) -> LoginLink:
        """Make a login link for a browser; it works once, for ten minutes."""
        guard: Guard = request.app.state.guard
        return LoginLink(url=f"{str(request.base_url).rstrip('/')}{login_path(guard)}")

    @router.post(
        "/logout",
        dependencies=[permission("session:end")],
        status_code=204,
        responses=responses(401, 403),
    )
    async def logout(request: Request) -> Response:
        """End the session of this browser."""
        return forget(request, Response(status_code=204))

    return router


def forget(request: Request, answer: Response) -> Response:
    """End the session of a browser; the answer takes its cookie away."""
    guard: Guard = request.app.state.guard
    guard.sessions.logout(request.cookies.get(COOKIE, ""))
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer
