"""``/metrics``: what was counted, and how things stand at the moment they are asked for."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from infra.http.guards import permission
from infra.http.problems import responses
from infra.telemetry.metrics import CONTENT_TYPE, Metrics
from orchestrator.admin.components import Component, components_of, service_component
from orchestrator.admin.ports import Backend, ServiceHealth, ServicesHealth
from orchestrator.engine.state import Status
from orchestrator.runtime.vitals import Vitals
from orchestrator.sagalog.errors import SagaLogError

STATES: Final[tuple[Status, ...]] = (
    "running",
    "compensating",
    "needs_operator",
    "completed",
    "failed",
)


def metrics_routes(backend: Backend, services: ServicesHealth) -> APIRouter:
    """``/metrics``, for Prometheus with the bearer token."""
    router = APIRouter(tags=["health"], dependencies=[permission("metrics:read")])

    @router.get("/metrics", response_class=Response, responses=responses(401, 403, 503))
    async def metrics() -> Response:
        """Every metric of this process."""
        return Response(exposition(backend, services), media_type=CONTENT_TYPE)

    return router


def metrics_app(backend: Backend, services: ServicesHealth) -> ASGIApp:
    """``/metrics`` alone and open to everybody, for a loopback port of its own."""

    async def metrics(_: Request) -> Response:
        return Response(exposition(backend, services), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/metrics", metrics)])


def exposition(backend: Backend, services: ServicesHealth) -> bytes:
    """The metrics as Prometheus reads them. While there is no orchestrator (yet), without what only
    it knows: a process that starts is seen, and seen to be down.
    """
    metrics, vitals = backend.metrics, backend.vitals()
    if vitals is not None:
        with suppress(SagaLogError):  # then the database is down, and all else is told
            _sagas(metrics, backend)
        _partitions(metrics, vitals)
        _disk_and_broker(metrics, vitals)
    found = services()
    _services(metrics, found)
    _healthy(metrics, components_of(backend, found))
    return metrics.text()


def services_exposition(metrics: Metrics, found: Sequence[ServiceHealth]) -> bytes:
    """The same of a process that runs services and no orchestrator."""
    _services(metrics, found)
    _healthy(metrics, map(service_component, found))
    return metrics.text()


def _services(metrics: Metrics, found: Sequence[ServiceHealth]) -> None:
    metrics.service_messages.replace(
        {(one.name, what): count for one in found for what, count in one.counts.items()}
    )
    metrics.service_lag.replace({(one.name,): one.lag for one in found})


def _healthy(metrics: Metrics, components: Iterable[Component]) -> None:
    metrics.healthy.replace({(one.name,): one.status == "ok" for one in components})


def _sagas(metrics: Metrics, backend: Backend) -> None:
    """Every state of every definition, so that a state that nothing is in is seen as 0."""
    counts = backend.reader.counts_of_definitions()
    names = {definition for definition, _ in counts} | set(backend.catalogue.names())
    metrics.sagas.replace(
        {(name, state): counts.get((name, state), 0) for name in sorted(names) for state in STATES}
    )


def _partitions(metrics: Metrics, vitals: Vitals) -> None:
    partitions = {(str(each.partition),): each for each in vitals.health.partitions}
    owned = {labels: each.role == "owner" for labels, each in partitions.items()}
    metrics.owned.replace(owned)
    metrics.lag.replace({labels: each.lag for labels, each in partitions.items() if owned[labels]})
    timers = {(str(each.partition),): each for each in vitals.timers}
    metrics.timers_owed.replace({labels: each.owed for labels, each in timers.items()})
    metrics.timers_behind.replace(
        {labels: each.behind_ms / 1_000 for labels, each in timers.items()}
    )
    metrics.wakeless.set(vitals.health.waiting_for_nobody)


def _disk_and_broker(metrics: Metrics, vitals: Vitals) -> None:
    file = vitals.file
    metrics.file_bytes.replace({("log",): file.bytes, ("wal",): file.wal_bytes})
    metrics.disk_free.set(file.free_bytes)
    metrics.unsent.set(vitals.broker.unsent)
    metrics.sick.replace({(topic,): 1 for topic in vitals.broker.sick})
