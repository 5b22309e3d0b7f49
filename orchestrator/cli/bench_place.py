"""Where a benchmark runs: a broker with topics of its own, gone afterwards; and how far it is."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.broker.probe import wait_for_broker
from infra.broker.removal import delete_topics
from infra.broker.settings import BrokerSettings
from infra.broker.topics import TopicSpec, ensure_topics
from infra.clock import SystemClock
from orchestrator.bench import deployments
from orchestrator.bench import yardstick as bare
from orchestrator.bench.runs import Place, Say
from orchestrator.bootstrap.benchmark import Loaded
from orchestrator.bootstrap.brokers import embedded_broker
from orchestrator.bootstrap.topics import topics
from orchestrator.settings import Settings


@asynccontextmanager
async def fresh_place(
    loaded: Loaded, settings: Settings, broker: BrokerSettings | None, prefix: str
) -> AsyncGenerator[Place]:
    """A broker with fresh topics for both systems: the embedded one, or the one that was named."""
    partitions = settings.partitions_on(embedded=broker is None)

    def specs(where: BrokerSettings) -> list[TopicSpec]:
        theirs = [s._replace(name=where.topic(s.name)) for s in bare.topics(partitions)]
        return topics(loaded.application, loaded.definitions, where, partitions) + theirs

    if broker is None:
        names = specs(BrokerSettings.local("embedded:1", embedded=True))
        async with embedded_broker({spec.name: spec.partitions for spec in names}) as local:
            yield _measured(local)
    else:
        await wait_for_broker(broker)
        ours = broker.model_copy(update={"topic_prefix": broker.topic_prefix + prefix})
        wanted = specs(ours)
        await ensure_topics(ours, wanted, create=True, allow_weak=settings.allow_weak_log)
        try:
            yield _measured(ours)
        finally:
            await delete_topics(ours, [spec.name for spec in wanted])


def _measured(broker: BrokerSettings) -> Place:
    return Place(broker, SystemClock(), deployments.broker_process(broker))


@contextmanager
def progress() -> Generator[Say]:
    """A bar on standard error: standard output is for the figures."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as shown:
        task = shown.add_task("starting", total=None)
        yield lambda what, done, whole: shown.update(
            task, description=what, completed=done, total=whole
        )
