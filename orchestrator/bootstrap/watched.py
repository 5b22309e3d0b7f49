"""What watches a process that has no HTTP API: its metrics and its health on a loopback port."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from infra.http.server import Server
from infra.telemetry.metrics import CONTENT_TYPE, Metrics
from orchestrator.admin.metrics import services_exposition
from orchestrator.admin.ports import ServicesHealth
from orchestrator.settings import Settings


@asynccontextmanager
async def watched(
    settings: Settings, metrics: Metrics, services: ServicesHealth
) -> AsyncGenerator[str | None, None]:
    """Serve them on the metrics port for as long as the block runs, and say where; without a port
    nothing is served.

    Raises HttpError when the port is taken.
    """
    async with on_loopback(services_app(metrics, services), settings.metrics_port) as url:
        yield url


@asynccontextmanager
async def on_loopback(app: ASGIApp, port: int | None) -> AsyncGenerator[str | None, None]:
    """Serve what is open to everybody on loopback and nowhere else, and say where; raises
    HttpError.
    """
    if port is None:
        yield None
        return
    server = Server(app, "127.0.0.1", port, token_configured=False)
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()


def services_app(metrics: Metrics, services: ServicesHealth) -> ASGIApp:
    """``/metrics``, ``/health``, ``/health/live`` and ``/health/ready`` of services, as those of an
    orchestrator.
    """

    async def exposed(_: Request) -> Response:
        return Response(services_exposition(metrics, services()), media_type=CONTENT_TYPE)

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        reasons = [f"service {one.name}: {why}" for one in services() for why in one.reasons]
        status = "not_ready" if reasons else "ready"
        return JSONResponse({"status": status, "reasons": reasons}, 503 if reasons else 200)

    return Starlette(
        routes=[
            Route("/metrics", exposed),
            Route("/health", ready),
            Route("/health/live", live),
            Route("/health/ready", ready),
        ]
    )
