"""Where the inputs end is asked of nobody who reads: Kafka answers one request of a connection
after the other, and holds a fetch that finds nothing. Every timer waits for that answer (law 5).
"""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition
from orchestrator.runtime.inputs import KafkaInputs


class Reader:
    """A consumer that finds nothing; what it reads, and whether it was asked where that ends."""

    def __init__(self, **_options: Any) -> None:
        self.reads: list[Any] = []
        self.asked: list[TopicPartition] = []
        self.stopped = False

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """For good."""
        self.stopped = True

    def subscribe(self, topics: Iterable[str], **_options: Any) -> None:
        """Read these topics."""
        self.reads += topics

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these partitions."""
        self.reads += partitions

    def pause(self, *_partitions: TopicPartition) -> None:
        """It reads nothing anyway."""

    async def getmany(self, **_options: Any) -> dict[TopicPartition, list[Any]]:
        """Waits for ever."""
        await asyncio.Event().wait()
        return {}

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """7 of requests, 9 of replies."""
        self.asked += partitions
        return {tp: 7 if "requests" in tp.topic else 9 for tp in self.asked}


class Clients:
    """Makes readers, and remembers them."""

    def __init__(self) -> None:
        self.made: list[Reader] = []

    def consumer(self, **options: Any) -> Reader:
        """One more."""
        self.made.append(Reader(**options))
        return self.made[-1]


async def test_who_reads_is_not_asked_where_the_inputs_end() -> None:
    clients = Clients()
    settings = BrokerSettings.local("127.0.0.1:1").through(cast(Any, clients))
    inputs = KafkaInputs(settings, "group", "member", 2)
    await inputs.start(lambda _p, _s, _r: None, cast(Any, None))
    assert await inputs.ends([0, 1]) == {0: (7, 9), 1: (7, 9)}
    (asked,) = [one for one in clients.made if one.asked]
    assert not asked.reads
    assert sum(bool(one.reads) for one in clients.made) == 2
    await inputs.stop(leave=True)
    assert all(one.stopped for one in clients.made)
