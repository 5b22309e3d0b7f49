"""Small helpers for tests that read and write records on a broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from infra.broker.batches import BatchSender
from infra.broker.clients import close_producer, make_consumer, make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, Consumer, Record, TopicPartition

DEADLINE_S = 30.0


@asynccontextmanager
async def sending(settings: BrokerSettings) -> AsyncIterator[BatchSender]:
    """A batch sender over a producer of its own."""
    producer = make_producer(settings)
    await producer.start()
    sender = BatchSender(producer)
    try:
        yield sender
    finally:
        await sender.close()
        await close_producer(producer)


@asynccontextmanager
async def consuming(consumer: Consumer) -> AsyncIterator[Consumer]:
    """The consumer, started and in the end stopped."""
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def reading(settings: BrokerSettings, *partitions: TopicPartition) -> AsyncIterator[Consumer]:
    """A consumer without a group on these partitions, from their beginning."""
    async with consuming(make_consumer(settings)) as consumer:
        consumer.assign(partitions)
        yield consumer


async def take(consumer: Consumer, count: int) -> list[ConsumedRecord]:
    """Read until `count` records have come, or the deadline."""
    taken: list[ConsumedRecord] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(taken) < count:
            for read in (await consumer.getmany(timeout_ms=200)).values():
                taken += read
    return taken


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Poll until it holds, or the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not await condition():  # noqa: ASYNC110  # the broker tells nobody
            await asyncio.sleep(0.02)


def records(*values: bytes) -> list[Record]:
    """Keyless records with these values."""
    return [Record(None, value) for value in values]
