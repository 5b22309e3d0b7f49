"""Health, judged by progress, and metrics. Only the health routes are open to everybody."""

from typing import Any, Final, cast

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from infra.http.guards import OPEN, permission
from infra.http.problems import responses
from infra.telemetry.metrics import CONTENT_TYPE
from orchestrator.admin.ports import Backend
from orchestrator.engine.state import Status

STATES: Final[tuple[Status, ...]] = (
    "running",
    "compensating",
    "needs_operator",
    "completed",
    "failed",
)
_NOT_READY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"description": "not ready: see reasons"}
}


def health_routes(backend: Backend) -> APIRouter:
    """``/health``, ``/health/live`` and ``/health/ready``."""
    router = APIRouter(prefix="/health", tags=["health"], dependencies=[OPEN])

    @router.get("", responses=_NOT_READY)
    async def health(response: Response) -> Any:
        """Whether this process makes progress, in short."""
        return _short(backend, response)

    @router.get("/live")
    async def live() -> Any:
        """Whether this process answers at all."""
        return {"status": "live"}

    @router.get("/ready", responses=_NOT_READY)
    async def ready(response: Response) -> Any:
        """Whether this process makes progress; if not, 503 and the reasons."""
        details = cast(dict[str, Any], msgspec.to_builtins(backend.health(), str_keys=True))
        return details | _short(backend, response)

    return router


def metrics_routes(backend: Backend) -> APIRouter:
    """``/metrics``, for Prometheus with the bearer token."""
    router = APIRouter(tags=["health"], dependencies=[permission("metrics:read")])

    @router.get("/metrics", response_class=Response, responses=responses(401, 403))
    async def metrics() -> Response:
        """Every metric of this process."""
        return Response(exposition(backend), media_type=CONTENT_TYPE)

    return router


def metrics_app(backend: Backend) -> ASGIApp:
    """``/metrics`` alone and open to everybody, for a loopback port of its own."""

    async def metrics(_: Request) -> Response:
        return Response(exposition(backend), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/metrics", metrics)])


def exposition(backend: Backend) -> bytes:
    """The metrics as Prometheus reads them; how things stand is looked up now."""
    metrics, counts = backend.metrics, backend.reader.counts()
    metrics.sagas.replace({(state,): counts.get(state, 0) for state in STATES})
    partitions = {(str(each.partition),): each for each in backend.health().partitions}
    owned = {labels: each.role == "owner" for labels, each in partitions.items()}
    metrics.owned.replace(owned)
    metrics.lag.replace({labels: each.lag for labels, each in partitions.items() if owned[labels]})
    return metrics.text()


def _short(backend: Backend, response: Response) -> dict[str, Any]:
    found = backend.health()
    response.status_code = 200 if found.ready else 503
    status = "ready" if found.ready else "not_ready"
    return {"status": status, "reasons": list(found.reasons)}
