"""A cluster in memory that answers as it is told, one batch at a time."""

# pylint: disable=unused-argument  # the arguments are those of the real one

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

from infra.broker.types import BatchBuilder, Headers, RecordMetadata


class FakeBatch:
    """Collects values."""

    def __init__(self) -> None:
        self.values: list[bytes | None] = []

    def append(
        self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers
    ) -> object | None:
        """Never full."""
        self.values.append(value)
        return self.values

    def close(self) -> None:
        """Nothing to close."""


class FakeMetadata:
    """Where a batch landed."""

    def __init__(self, offset: int) -> None:
        self.offset = offset


class FakeCluster:
    """Topics with two partitions; `rule(topic, partition, values)` may raise, or return an answer
    in place of the true offset; `held` topics answer when released."""

    def __init__(self) -> None:
        self.logs: defaultdict[tuple[str, int], list[bytes | None]] = defaultdict(list)
        self.batches: list[tuple[str, int, int]] = []
        self.under_way: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.gates: dict[str, asyncio.Event] = {}
        self.rule: Callable[[str, int, list[bytes | None]], int | None] = lambda *_: None
        self.producers: list[FakeProducer] = []
        self.start_fails: list[Exception] = []

    def producer(self, *_: object, **__: object) -> "FakeProducer":
        """A new producer on this cluster."""
        self.producers.append(FakeProducer(self))
        return self.producers[-1]

    async def take(self, topic: str, partition: int, batch: FakeBatch) -> RecordMetadata | None:
        """Append the batch as the rule says."""
        lane = topic, partition
        self.under_way[lane] += 1
        assert self.under_way[lane] == 1, "two batches of one partition under way"
        try:
            await asyncio.sleep(0)
            if topic in self.gates:
                await self.gates[topic].wait()
            forced = self.rule(topic, partition, batch.values)
            offset = len(self.logs[lane])
            self.logs[lane] += batch.values
            self.batches.append((topic, partition, len(batch.values)))
            return FakeMetadata(offset if forced is None else forced)
        finally:
            self.under_way[lane] -= 1


class FakeProducer:
    """The part of aiokafka's producer in use."""

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster
        self.stopped = False

    async def start(self) -> None:
        """Fails as often as the cluster was told."""
        if self._cluster.start_fails:
            raise self._cluster.start_fails.pop()

    async def stop(self) -> None:
        """Remembered."""
        self.stopped = True

    def create_batch(self) -> BatchBuilder:
        """An empty batch."""
        return FakeBatch()

    async def partitions_for(self, topic: str) -> set[int]:
        """Two."""
        return {0, 1}

    async def send_batch(
        self, batch: BatchBuilder, topic: str, *, partition: int
    ) -> Awaitable[RecordMetadata | None]:
        """The delivery, as a future."""
        assert isinstance(batch, FakeBatch)
        return asyncio.ensure_future(self._cluster.take(topic, partition, batch))
