"""Health, judged by progress. Whether the process lives and is ready is open to everybody, with the
reasons why not; all else needs a permission (DESIGN law 13)."""

from typing import Any, Final, cast

import msgspec
from fastapi import APIRouter, Request, Response

from infra.http.errors import Problem
from infra.http.guards import OPEN, Guard, permission
from infra.http.problems import responses
from orchestrator.admin.components import components_of, worst
from orchestrator.admin.ports import Backend, Health, ServicesHealth

READ: Final = "health:read"
PREFIX: Final = "/health"
_NOT_READY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"description": "not ready: see reasons"}
}


def health_routes(backend: Backend, services: ServicesHealth) -> APIRouter:
    """``/health``, ``/health/live``, ``/health/ready`` and ``/health/components``."""
    router = APIRouter(prefix=PREFIX, tags=["health"])

    @router.get("", dependencies=[OPEN], responses=_NOT_READY)
    async def health(response: Response) -> Any:
        """Whether this process makes progress, in short. On a connection that asks for nothing else
        it is answered beside all other work, by what the process found a moment ago.
        """
        return _answered(backend, response)

    @router.get("/live", dependencies=[OPEN])
    async def live() -> Any:
        """Whether this process answers at all."""
        return {"status": "live"}

    @router.get("/ready", dependencies=[OPEN], responses=_NOT_READY)
    async def ready(request: Request, response: Response) -> Any:
        """Whether this process makes progress; if not, 503 and the reasons. Who may read details
        gets them too: the partitions and how far each has come.
        """
        short = _answered(backend, response)
        if not _may_read(request):
            return {"ready": short["status"] == "ready"} | short
        details = cast(dict[str, Any], msgspec.to_builtins(backend.health(), str_keys=True))
        return details | short

    @router.get("/components", dependencies=[permission(READ)], responses=responses(401, 403, 503))
    async def components() -> Any:
        """Each component of this process: its status, the reason in words, and its facts."""
        found = components_of(backend, services())
        return {"status": worst(found), "components": msgspec.to_builtins(found)}

    for path, answer in (("", health), ("/live", live), ("/ready", ready)):
        # Some load balancers ask by HEAD.
        router.add_api_route(
            path, answer, methods=["HEAD"], dependencies=[OPEN], include_in_schema=False
        )
    return router


def _may_read(request: Request) -> bool:
    guard: Guard = request.app.state.guard
    try:
        return guard.identify(request).may(READ)
    except Problem:
        return False


def in_short(health: Health) -> dict[str, Any]:
    """What everybody may know of it."""
    return {"status": "ready" if health.ready else "not_ready", "reasons": list(health.reasons)}


def status_of(health: Health) -> int:
    """The HTTP status that says so."""
    return 200 if health.ready else 503


def _answered(backend: Backend, response: Response) -> dict[str, Any]:
    found = backend.health()
    response.status_code = status_of(found)
    return in_short(found)
