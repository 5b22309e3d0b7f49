"""The other side of a participant: sends it commands and events, and reads what it answers."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from contracts.envelope import REPLY, ReplyMessage, decode
from infra.boundaries import OUTSIDE
from infra.broker.batches import BatchSender
from infra.broker.clients import close_producer, make_consumer, make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, Record, TopicPartition
from tests.brokers import MakeTopics

PATIENCE_S = 30.0


class Peer:
    """A client of its own: nothing of the participant's library is in it."""

    def __init__(self, broker: BrokerSettings) -> None:
        self.broker = broker
        self._producer = make_producer(broker)
        self._sender = BatchSender(self._producer)

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        await self._sender.close()
        await close_producer(self._producer)

    async def send(self, topic: str, *values: bytes, partition: int = 0, key: bytes = b"k") -> None:
        records = [Record(key, value) for value in values]
        await self._sender.submit(self.broker.topic(topic), partition, records, OUTSIDE)

    async def read(self, topic: str, count: int, partition: int = 0) -> list[ConsumedRecord]:
        """The first ``count`` records of a partition; fails when they do not come."""
        consumer = make_consumer(self.broker)
        place = TopicPartition(self.broker.topic(topic), partition)
        consumer.assign([place])
        await consumer.start()
        found: list[ConsumedRecord] = []
        try:
            async with asyncio.timeout(PATIENCE_S):
                await consumer.seek_to_beginning(place)
                while len(found) < count:
                    for records in (await consumer.getmany(timeout_ms=100)).values():
                        found += records
        finally:
            await consumer.stop()
        return found[:count]

    async def replies(self, count: int) -> list[ReplyMessage]:
        """The first ``count`` replies."""
        records = await self.read("saga.replies", count)
        return [decode(REPLY, record.value) for record in records]


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; fails when it does not in good time."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # the broker wakes nobody here
            await asyncio.sleep(0.02)


@pytest.fixture
async def peer(any_broker: BrokerSettings, make_topics: MakeTopics) -> AsyncIterator[Peer]:
    """A peer of the services, on a broker with all their topics."""
    names = ["product", "payment", "inventory", "shipping", "orders", "test"]
    topics = {f"{name}.commands": 2 for name in names}
    shared = ["saga.replies", "saga.requests", "saga.events", "order.events"]
    topics |= dict.fromkeys(shared, 2) | {"saga.dead-letters": 1}
    await make_topics(any_broker, topics)
    peer = Peer(any_broker)
    await peer.start()
    yield peer
    await peer.stop()
