"""The shapes a process can have: everything, the orchestrator alone, or services alone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final, NamedTuple, cast

from infra.broker.errors import BrokerUnreachable
from infra.broker.settings import BrokerSettings
from infra.datastore import FolderLock
from infra.errors import Mistake
from infra.telemetry.metrics import Metrics
from orchestrator.bootstrap.backend import LateBackend
from orchestrator.bootstrap.brokers import Say, Watched, reach, watched_broker
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.checked import checked_definitions
from orchestrator.bootstrap.folder import services_folder
from orchestrator.bootstrap.parts import (
    prepare_topics,
    running_orchestrator,
    topics_of,
)
from orchestrator.bootstrap.serve import Served, http_api
from orchestrator.bootstrap.services import Services, running_services
from orchestrator.bootstrap.watched import watched
from orchestrator.definition.application import Application
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.settings import Settings

BROKER_ENDED: Final = 1
"""The exit code of a process whose embedded broker has ended."""
TURN_S: Final = 0.002
"""How long services may hold up the API in their process: people wait for its answers."""
AGAIN_S: Final = 0.5
"""Between two tries to start on a broker that went meanwhile."""


class Up(NamedTuple):
    """A process that is up: its API (None: it has none), its broker, its services, and where its
    metrics are without a token (None: nowhere).
    """

    api: Served | None
    broker: BrokerSettings
    services: Sequence[str]
    metrics: str | None = None


Ready = Callable[[Up], None]


async def orchestrator_process(
    settings: Settings,
    given: BrokerSettings | None,
    application: Application,
    *,
    services: Sequence[str],
    say: Say,
    ready: Ready,
) -> int:
    """The orchestrator with its HTTP API and these services, until cancelled.

    `given` None takes an embedded broker; when that ends, `say` gets one line, and all else is
    stopped: returns the exit code. `ready` is called once everything is up. Raises FolderInUse,
    BrokerError, BootstrapError (DefinitionBroken: one does not hold what `saga check` asks),
    HttpError, DatastoreError, Mistake.
    """
    # First of all, and until the end: two that wait for a broker must not share a folder either.
    with FolderLock(settings.data) as lock:
        house = _House(settings, application, services, say, ready, lock)
        if given is not None:
            await house.serve(given, wait=True)
            return 0
        async with watched_broker(topics_of(settings, application, house.sagas)) as broker:
            serving = asyncio.create_task(house.serve(broker.settings, wait=False))
            return await _while_it_lasts(broker, serving, house.backend, say)


async def _while_it_lasts(
    broker: Watched, serving: asyncio.Task[None], backend: LateBackend, say: Say
) -> int:
    """Serve until the broker ends: it holds everything in memory, and cannot come back."""
    ended = asyncio.ensure_future(broker.ended())
    try:
        await asyncio.wait([serving, ended], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()  # raises what went wrong
        why = f"the embedded broker is gone: {ended.result()}"
        backend.close(why)
        say(f"{why}; nothing is lost, the next start on this data folder carries on")
    finally:
        serving.cancel()
        await asyncio.wait([serving])
        ended.cancel()
    return BROKER_ENDED


class _House:  # pylint: disable=too-many-instance-attributes  # what it is given
    """An orchestrator with its API and services on a broker."""

    def __init__(
        self,
        settings: Settings,
        application: Application,
        services: Sequence[str],
        say: Say,
        ready: Ready,
        lock: FolderLock,
    ) -> None:
        self.sagas = load_sagas(application, settings.overrides)
        self.backend = LateBackend(Catalogue(self.sagas), Metrics())
        self._settings = settings
        self._application = application
        self._services = services
        self._say = say
        self._ready = ready
        self._lock = lock
        self._checks = checked_definitions(self.sagas, settings.data, say)

    async def serve(self, broker: BrokerSettings, *, wait: bool) -> None:
        """Until cancelled; `wait` for a broker that does not answer yet, and see to its topics."""
        settings, backend = self._settings, self.backend
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            parts = self._parts(broker)
            routes = cast(Mapping[str, object] | None, parts)
            api = await enter(
                http_api(settings, broker, self._application, backend, routes, self._checks)
            )
            orchestrator = await self._begin(stack, broker, wait=wait)
            backend.open(orchestrator)
            stack.callback(backend.close)
            if parts is not None:
                running = await enter(parts)
                backend.services = running.health
            self._ready(Up(api, broker, self._services, api.metrics))
            await asyncio.Event().wait()

    def _parts(self, broker: BrokerSettings) -> AbstractAsyncContextManager[Services] | None:
        """The services; an orchestrator alone loads none, and none of their code."""
        if not self._services:
            return None
        folder = services_folder(self._settings)
        return running_services(
            self._application,
            self._services,
            broker,
            folder,
            self.backend.metrics,
            turn_s=TURN_S,
        )

    async def _begin(
        self, stack: AsyncExitStack, broker: BrokerSettings, *, wait: bool
    ) -> Orchestrator:
        """The orchestrator, running; a broker that goes while it starts is waited for again."""
        while True:
            try:
                where = await self._wait(broker) if wait else broker
                return await stack.enter_async_context(
                    running_orchestrator(
                        self._settings, where, self.sagas, self.backend.metrics, lock=self._lock
                    )
                )
            except BrokerUnreachable as error:
                if not wait:
                    raise
                self._say(f"{error}; trying again")
                await asyncio.sleep(AGAIN_S)

    async def _wait(self, broker: BrokerSettings) -> BrokerSettings:
        self.backend.why = f"no Kafka broker answers at {broker.address}"
        broker = await reach(broker, self._say)
        self.backend.why = "the orchestrator is starting"
        await prepare_topics(broker, self._settings, self._application, self.sagas)
        return broker


async def services_process(
    settings: Settings,
    broker: BrokerSettings,
    application: Application,
    *,
    services: Sequence[str],
    say: Say,
    ready: Ready,
) -> None:
    """These services alone, until cancelled; a broker that is not there, or goes meanwhile, is
    waited for. Raises UnknownService, DatastoreError, HttpError (the metrics port is taken).
    """
    # Their databases are opened, and so locked, before anybody waits for a broker.
    metrics = Metrics()
    async with (
        running_services(
            application, services, broker, services_folder(settings), metrics
        ) as running,
        watched(settings, metrics, running.health) as url,
    ):
        await reach(broker, say)
        await _ready(running, say)
        ready(Up(None, broker, services, url))
        await asyncio.Event().wait()


async def _ready(running: Services, say: Say) -> None:
    """Wait until they take commands: they go on trying by themselves, and `say` is told why not."""
    while True:
        try:
            await running.ready()
            return
        except Mistake as error:
            say(f"{error}; trying again")
