"""Every request measured, and told in the log: what was asked for, how it ended, how long it took.

By the route's template, never the path: a path names things, and a query may hold a login code.
"""

from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.clock import Clock
from infra.telemetry.kinds import Histogram

METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER: Final = "other"
"""A method or a route that there is not."""
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
log = structlog.get_logger(__name__)


class Observed:
    """Goes around a whole application; ``seconds`` has the labels method, route and status.

    Measured is the time until the answer begins, for a stream of events ends with its reader. What
    fails is a WARNING, what changes something is told at INFO, what only reads at DEBUG.
    """

    def __init__(self, app: ASGIApp, seconds: Histogram, clock: Clock) -> None:
        self._app = app
        self._seconds = seconds
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock.monotonic()

        async def seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answered(scope, message["status"], self._clock.monotonic() - began)
            await send(message)

        await self._app(scope, receive, seen)

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else OTHER
        route = _route(scope)
        self._seconds.observe(seconds, method, route, str(status))
        level = "warning" if status >= 500 else "debug" if method in _READS else "info"
        getattr(log, level)(
            "request", method=method, route=route, status=status, ms=round(seconds * 1e3, 1)
        )


def _route(scope: Scope) -> str:
    """The template of the route that answers; ``OTHER`` where none does."""
    # FastAPI's own note of it has the prefixes of every router around the route.
    whole: Any = scope.get("fastapi", {}).get("effective_route_context")
    return str(getattr(whole or scope.get("route"), "path", OTHER))
