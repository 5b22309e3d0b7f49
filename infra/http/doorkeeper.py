"""Strangers get no further than the open routes: asked before anything of a request is looked at.

FastAPI reads and parses a body before it asks the dependencies of a route, and answers an unknown
path by itself; who is unknown shall neither have work done nor learn which paths there are.
"""

from re import Pattern

from fastapi import FastAPI, Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.http.errors import Problem
from infra.http.guards import Guard, is_form, stated_permissions
from infra.http.problems import problem_answer


class Doorkeeper:
    """Middleware of a FastAPI application: lets strangers through to `open_paths` only."""

    def __init__(self, app: ASGIApp, open_paths: list[Pattern[str]]) -> None:
        self._app = app
        self._open = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and not any(path.match(scope["path"]) for path in self._open):
            guard: Guard = scope["app"].state.guard
            request = Request(scope)
            try:
                who = guard.identify(request)
                if not is_form(request):  # a form's token is in its body: its route looks
                    guard.check_csrf(request, who)
            except Problem as problem:
                await problem_answer(request, problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def keep_the_door(app: FastAPI) -> None:
    """Put the doorkeeper in front of the routes that `app` has now."""
    routes = (
        route.split(" ", 1)[1] for route, stated in stated_permissions(app) if "open" in stated
    )
    app.add_middleware(Doorkeeper, open_paths=[compile_path(path)[0] for path in routes])
