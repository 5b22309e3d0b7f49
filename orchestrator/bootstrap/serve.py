"""The HTTP API of a process: token, guard, routes of the orchestrator and of the application."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import NamedTuple, cast

from fastapi import APIRouter

from contracts.topics import DEFAULT_TENANT
from infra.broker.settings import BrokerSettings
from infra.clock import SystemClock
from infra.http.guards import Guard, Principal
from infra.http.login import login_path
from infra.http.probes import Probe
from infra.http.server import Server
from infra.http.sessions import Sessions
from infra.http.streams import Streams
from infra.vital import vital
from orchestrator.admin.application import admin_app
from orchestrator.admin.dead_letters import DeadLetters
from orchestrator.admin.metrics import metrics_app
from orchestrator.admin.ports import ServiceHealth
from orchestrator.admin.pulse import PATH, Pulse
from orchestrator.bootstrap.backend import LateBackend
from orchestrator.bootstrap.folder import Running, make_token, remove_running, write_running
from orchestrator.bootstrap.load import load
from orchestrator.bootstrap.watched import on_loopback
from orchestrator.definition.application import Application
from orchestrator.settings import Settings
from orchestrator.verify.result import CheckResult

OPERATOR = "operator"


class Served(NamedTuple):
    """Where the API is, a link that logs a browser in once, where metrics are without a token."""

    url: str
    login: str
    metrics: str | None = None


@asynccontextmanager
async def http_api(
    settings: Settings,
    broker: BrokerSettings,
    application: Application,
    backend: LateBackend,
    services: Mapping[str, object] | None,
    checks: Mapping[str, CheckResult],
) -> AsyncGenerator[Served, None]:
    """Serve the API for as long as the block runs, and say so in the data folder.

    `services` are those of this process, for the application's own routes; None: without them.
    `checks` are shown beside the definitions, by version.
    Raises HttpError (the address is taken, the token cannot be used), ApplicationNotLoaded.
    """
    clock = SystemClock()
    guard = Guard(make_token(settings), Principal(OPERATOR, DEFAULT_TENANT), Sessions(clock))
    letters = DeadLetters(broker, clock, backend.metrics)
    streams = Streams()

    def services_health() -> Sequence[ServiceHealth]:
        return backend.services()  # asked each time: they come once they have started

    app = admin_app(
        backend,
        letters,
        guard,
        clock,
        checks=checks,
        routers=[] if services is None else _routers(application, services),
        contracts=[import_module(name) for name in application.contracts],
        services=services_health,
        streams=streams,
    )
    pulse = Pulse(backend, clock)
    server = Server(
        app,
        settings.http_host,
        settings.http_port,
        token_configured=settings.token is not None,
        probe=Probe(PATH, pulse.told, pulse.measured),
    )
    async with (
        on_loopback(metrics_app(backend, services_health), settings.metrics_port) as metrics,
        _beating(pulse),
    ):
        await server.start()
        write_running(settings, Running(os.getpid(), server.url, broker.address, broker.embedded))
        try:
            yield Served(server.url, server.url + login_path(guard), metrics)
        finally:
            remove_running(settings)
            streams.close()
            await server.stop()
            await letters.close()


@asynccontextmanager
async def _beating(pulse: Pulse) -> AsyncGenerator[None, None]:
    task = vital(asyncio.create_task(pulse.beat(), name="pulse"))
    try:
        yield
    finally:
        task.cancel()


def _routers(application: Application, services: Mapping[str, object]) -> list[APIRouter]:
    makers = [
        cast(Callable[[Mapping[str, object]], APIRouter], load(name, object))
        for service, name in application.routers.items()
        if service in services
    ]
    return [make(services) for make in makers]
