"""Closed by default (DESIGN law 13): every route states the permission it needs, and a guard checks
it.

A route says `permission("sagas:read")` or `OPEN`; `check_guards` refuses an application with a
route that says neither. Who calls is known by the bearer token, or by the cookie of a session
(`infra.http.sessions`), with which writes need a CSRF token as well. The principal carries the
tenant: every query is made in its name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.http.errors import Problem, UnguardedRoute
from infra.http.problems import problem_response
from infra.http.sessions import COOKIE, CSRF_HEADER, Session, Sessions, same_secret

EVERYTHING: Final = frozenset({"*"})
_FORM: Final = "application/x-www-form-urlencoded"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Principal:
    """Who calls: a name for the log, the tenant (account) in whose name, and what it may do.

    `permissions`: such as `sagas:read`; `EVERYTHING` is all of them. `session` is set for a
    browser.
    """

    name: str
    tenant: int
    permissions: frozenset[str] = EVERYTHING
    session: Session | None = None

    def may(self, needed: str) -> bool:
        """Whether the permission is among those held."""
        return "*" in self.permissions or needed in self.permissions


class Guard:
    """Knows who calls. One token and one principal, until accounts have their own."""

    def __init__(self, token: str, principal: Principal, sessions: Sessions) -> None:
        self._token = token
        self._principal = principal
        self.sessions = sessions

    def authorize(self, request: Request, needed: str, csrf: str | None = None) -> Principal:
        """The caller, if it may; ``csrf`` is the token where it did not come in its header.

        Raises Problem 401 (unknown), 403 (may not, or no CSRF token).
        """
        principal = self.identify(request)
        self.check_csrf(request, principal, csrf)
        if not principal.may(needed):
            raise Problem(403, f"this needs the permission {needed}", code="not_permitted")
        return principal

    def check_csrf(self, request: Request, principal: Principal, given: str | None = None) -> None:
        """Raises Problem 403 for a write with a cookie and without the session's CSRF token."""
        if principal.session is None or request.method in _SAFE_METHODS:
            return
        sent = request.headers.get(CSRF_HEADER, "") if given is None else given
        if not same_secret(sent, principal.session.csrf):
            detail = f"a write with the session cookie needs the header {CSRF_HEADER}"
            if given is not None:
                detail = "this form is not one of this session: load its page again"
            raise Problem(403, detail, code="csrf_token_missing")

    def identify(self, request: Request) -> Principal:
        """The caller; raises Problem 401 (unknown)."""
        principal = self._by_token(request) or self._by_cookie(request)
        if principal is None:
            detail = "send the bearer token (Authorization: Bearer ...), or open the login link"
            headers = {"WWW-Authenticate": 'Bearer realm="saga"'}
            raise Problem(401, detail, code="unauthenticated", headers=headers)
        return principal

    def around(self, app: ASGIApp, needed: str) -> ASGIApp:
        """`app`, an ASGI application that is no FastAPI route, behind the same guard."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                self.authorize(Request(scope), needed)
            except Problem as problem:
                await problem_response(problem)(scope, receive, send)
            else:
                await app(scope, receive, send)

        return guarded

    def _by_token(self, request: Request) -> Principal | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same_secret(token.strip(), self._token):
            return self._principal
        return None

    def _by_cookie(self, request: Request) -> Principal | None:
        session = self.sessions.find(request.cookies.get(COOKIE, ""))
        # A wrong token is a mistake to be told, not a reason to look for a cookie.
        if session is None or "authorization" in request.headers:
            return None
        held = self._principal
        return Principal(held.name, held.tenant, held.permissions, session)


class Stated:
    """What states the permission that a route needs, and asks the guard for it."""

    def __init__(self, needed: str) -> None:
        self.needed = needed


class Permission(Stated):
    """Dependency of a route: lets through who holds the permission, and gives the principal."""

    # A coroutine, as all dependencies here: FastAPI would run a function in a thread, and a request
    # that waits for a thread, twice for each of them, is late where the processor is busy.
    async def __call__(self, request: Request) -> Principal:
        """The caller; raises what `Guard.authorize` raises."""
        guard: Guard = request.app.state.guard
        return guard.authorize(request, self.needed)


class Open:
    """Dependency of a route that is deliberately open to everybody: health, login."""

    async def __call__(self) -> None:
        """Let everybody through."""


def permission(needed: str) -> Any:
    """For a route: `dependencies=[permission("sagas:read")]`, or `who: Annotated[Principal,
    permission(...)]`.
    """
    return Depends(Permission(needed))


OPEN: Final = Depends(Open())


def is_form(request: Request) -> bool:
    """Whether a browser has sent a form; its CSRF token is in the body, which the route reads."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == _FORM


def install_guard(app: FastAPI, guard: Guard) -> None:
    """Make `guard` the one that the permissions of `app`'s routes ask."""
    app.state.guard = guard


def check_guards(app: FastAPI) -> None:
    """Raises `UnguardedRoute`, naming them all, if any route states neither a permission nor
    `OPEN`.
    """
    missing = [path for path, stated in stated_permissions(app) if not stated]
    if missing:
        raise UnguardedRoute(
            f"these routes state no permission: {', '.join(missing)};"
            " add dependencies=[permission(...)], or OPEN"
        )


def stated_permissions(app: FastAPI) -> Iterator[tuple[str, list[str]]]:
    """Every route (`GET /sagas`) with the permissions it states; `open` stands for `OPEN`."""
    for context in iter_route_contexts(app.routes):
        methods = ",".join(sorted(context.methods or {"*"}))
        # Whatever is no route of FastAPI's (a mount, a websocket) has no dependencies and states
        # nothing.
        dependant = getattr(context, "dependant", None)
        stated = list(_stated(dependant.dependencies)) if dependant else []
        yield f"{methods} {context.path}", stated


def _stated(dependencies: Iterable[Dependant]) -> Iterator[str]:
    for dependency in dependencies:
        if isinstance(dependency.call, Stated):
            yield dependency.call.needed
        elif isinstance(dependency.call, Open):
            yield "open"
        yield from _stated(dependency.dependencies)
