"""The parts of a process: its topics, its broker, its orchestrator."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from infra.broker.settings import BrokerSettings
from infra.broker.topics import TopicSpec, ensure_topics
from infra.datastore import FolderLock
from infra.telemetry.metrics import Metrics
from orchestrator.bootstrap.brokers import Say, embedded_broker, reach
from orchestrator.bootstrap.topics import topics
from orchestrator.definition.application import Application
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.words.builder import Saga
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.settings import Settings


def topics_of(
    settings: Settings, application: Application, sagas: Sequence[Saga]
) -> dict[str, int]:
    """Name and partitions of every topic, for an embedded broker."""
    # Its address is known only once it runs; names and partitions do not depend on it.
    anywhere = BrokerSettings.local("127.0.0.1:1", embedded=True)
    return {spec.name: spec.partitions for spec in _specs(anywhere, settings, application, sagas)}


def topic_names(
    broker: BrokerSettings, settings: Settings, application: Application, sagas: Sequence[Saga]
) -> list[str]:
    """The names of every topic, as they are on that broker."""
    return [spec.name for spec in _specs(broker, settings, application, sagas)]


async def prepare_topics(
    broker: BrokerSettings, settings: Settings, application: Application, sagas: Sequence[Saga]
) -> None:
    """See to it that every topic is there as it must be; raises TopicError."""
    await ensure_topics(
        broker,
        _specs(broker, settings, application, sagas),
        create=settings.create_topics,
        allow_weak=settings.allow_weak_log,
    )


@asynccontextmanager
async def broker_with_topics(
    given: BrokerSettings | None,
    settings: Settings,
    application: Application,
    sagas: Sequence[Saga],
    say: Say,
) -> AsyncGenerator[BrokerSettings, None]:
    """The broker that was named, or else an embedded one, with every topic in place.

    Waits for a broker that does not answer. Raises TopicError, EmbeddedBrokerError.
    """
    if given is None:
        async with embedded_broker(topics_of(settings, application, sagas)) as broker:
            yield broker
        return
    await reach(given, say)
    await prepare_topics(given, settings, application, sagas)
    yield given


@asynccontextmanager
async def running_orchestrator(
    settings: Settings,
    broker: BrokerSettings,
    sagas: Sequence[Saga],
    metrics: Metrics | None = None,
    *,
    refill: bool = False,
    lock: FolderLock | None = None,
) -> AsyncGenerator[Orchestrator, None]:
    """The orchestrator of this process, under the data folder's ``lock`` if that is held already.

    ``refill``: see Orchestrator. Raises BrokerError, DatastoreError, LogLost, OtherLog.
    """
    orchestrator = Orchestrator(
        settings, broker, Catalogue(sagas), metrics=metrics, lock=lock, refill=refill
    )
    await orchestrator.start()
    try:
        yield orchestrator
    finally:
        await orchestrator.stop()


def _specs(
    broker: BrokerSettings, settings: Settings, application: Application, sagas: Sequence[Saga]
) -> list[TopicSpec]:
    partitions = settings.partitions_on(embedded=broker.embedded)
    return topics(application, [saga.definition for saga in sagas], broker, partitions)
