"""The shapes a process can have: everything, the orchestrator alone, or services alone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple, cast

from infra.broker.settings import BrokerSettings
from infra.datastore import FolderLock
from infra.telemetry.metrics import Metrics
from orchestrator.bootstrap.backend import LateBackend
from orchestrator.bootstrap.brokers import Say, embedded_broker, reach
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.folder import services_folder
from orchestrator.bootstrap.parts import (
    prepare_topics,
    running_orchestrator,
    topics_of,
)
from orchestrator.bootstrap.serve import Served, http_api
from orchestrator.bootstrap.services import running_services
from orchestrator.definition.application import Application
from orchestrator.definition.catalogue import Catalogue
from orchestrator.settings import Settings


class Up(NamedTuple):
    """A process that is up: its API (None: it has none), its broker, its services."""

    api: Served | None
    broker: BrokerSettings
    services: Sequence[str]


Ready = Callable[[Up], None]


async def orchestrator_process(
    settings: Settings,
    given: BrokerSettings | None,
    application: Application,
    *,
    services: Sequence[str],
    say: Say,
    ready: Ready,
) -> None:
    """The orchestrator with its HTTP API and these services, until cancelled.

    `given` None takes an embedded broker. `ready` is called once everything is up. Raises
    FolderInUse, BrokerError, BootstrapError, HttpError, DatastoreError.
    """
    _refuse_second_process(settings)
    sagas = load_sagas(application)
    backend = LateBackend(Catalogue(sagas), Metrics())
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        broker = given or await enter(embedded_broker(topics_of(settings, application, sagas)))
        parts = None  # an orchestrator alone loads no service, and none of their code
        if services:
            parts = running_services(application, services, broker, services_folder(settings))
        routes = cast(Mapping[str, object] | None, parts)
        api = await enter(http_api(settings, broker, application, backend, routes))
        if given is not None:
            backend.why = f"no Kafka broker answers at {given.address}"
            await reach(given, say)
            backend.why = "the orchestrator is starting"
            await prepare_topics(given, settings, application, sagas)
        orchestrator = await enter(running_orchestrator(settings, broker, sagas, backend.metrics))
        backend.open(orchestrator)
        stack.callback(backend.close)
        if parts is not None:
            await enter(parts)
        ready(Up(api, broker, services))
        await asyncio.Event().wait()


async def services_process(
    settings: Settings,
    broker: BrokerSettings,
    application: Application,
    *,
    services: Sequence[str],
    say: Say,
    ready: Ready,
) -> None:
    """These services alone, until cancelled. Raises UnknownService, DatastoreError."""
    parts = running_services(application, services, broker, services_folder(settings))
    await reach(broker, say)
    async with parts as running:
        await running.ready()
        ready(Up(None, broker, services))
        await asyncio.Event().wait()


def _refuse_second_process(settings: Settings) -> None:
    """Fail before anything is started; the orchestrator itself takes the lock for good."""
    with FolderLock(settings.data):
        pass
