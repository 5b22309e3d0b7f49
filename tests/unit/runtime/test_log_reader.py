"""The reader of the log: a stream within another takes nothing away from it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition
from orchestrator.runtime.log_reader import LogReader

LOG = TopicPartition("saga.log", 0)


class Record(NamedTuple):
    """A record as a consumer gives it."""

    offset: int


class Consumer:
    """One partition with six records, of which a poll gives as many as ``most``."""

    def __init__(self) -> None:
        self.records = [Record(offset) for offset in range(6)]
        self.most = 2
        self.position = 0
        self.paused = set[TopicPartition]()

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to leave."""

    def assign(self, partitions: list[TopicPartition]) -> None:
        assert partitions == [LOG]

    def seek(self, _: TopicPartition, offset: int) -> None:
        self.position = offset

    def pause(self, tp: TopicPartition) -> None:
        self.paused.add(tp)

    def resume(self, tp: TopicPartition) -> None:
        self.paused.discard(tp)

    async def getmany(self, **_: Any) -> dict[TopicPartition, list[Record]]:
        await asyncio.sleep(0)
        if LOG in self.paused:
            return {}
        found = self.records[self.position : self.position + self.most]
        self.position += len(found)
        return {LOG: found} if found else {}


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@pytest.fixture
async def reader(consumer: Consumer) -> AsyncIterator[LogReader]:
    reader = LogReader(BrokerSettings(), LOG.topic, 1, lambda *_, **__: consumer)  # type: ignore[arg-type,return-value]
    await reader.start()
    yield reader
    await reader.stop()


async def test_a_look_at_one_record_in_the_middle_of_a_stream(
    consumer: Consumer, reader: LogReader
) -> None:
    """The look reads further than the stream has come; the stream goes on where it was."""
    read: list[int] = []
    async with asyncio.timeout(5):
        async for records in reader.read(0, 0, 6):
            read += [record.offset for record in records]
            consumer.most = 6
            assert (await reader.one(0, 0)).offset == 0
            consumer.most = 2
    assert read == [0, 1, 2, 3, 4, 5]


async def test_a_later_stream_ends_one_that_waits_for_records(reader: LogReader) -> None:
    async def follow() -> None:
        async for _ in reader.stream(0, 6):
            raise AssertionError("there is nothing at offset 6")

    waiting = asyncio.create_task(follow())
    for _ in range(5):
        await asyncio.sleep(0)
    assert (await reader.one(0, 3)).offset == 3
    with pytest.raises(asyncio.CancelledError):
        await waiting
