"""The simulated idempotent producer: what the product uses of aiokafka's, with its errors."""

import asyncio
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    ProducerClosed,
    UnknownTopicOrPartitionError,
)

from infra.broker.types import TopicPartition
from tests.simulation.broker import REQUEST_S, Broker
from tests.simulation.loop import Node

BACKOFF_S = 0.05


class SimBatch:
    """aiokafka's batch builder; nothing is ever too large here."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes | None, bytes | None, Any, int | None]] = []

    def append(
        self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Any
    ) -> object:
        """Add a record."""
        self.records.append((key, value, headers, timestamp))
        return self

    def close(self) -> None:
        """The batch is whole."""


class SimProducer:
    """An idempotent producer: it sends a batch again until its time is up, with one number."""

    def __init__(self, broker: Broker, node: Node) -> None:
        self._broker = broker
        self._node = node
        self._id = -1
        self._sequences: dict[TopicPartition, int] = {}
        self._closed = False

    async def start(self) -> None:
        """Raises KafkaConnectionError when nobody is there."""
        self._id = await self._broker.ask(self._node, self._broker.new_producer)

    async def stop(self) -> None:
        """What is not acknowledged never will be, whether it arrives or not."""
        self._closed = True

    async def partitions_for(self, topic: str) -> set[int]:
        """The numbers of the partitions; raises UnknownTopicOrPartitionError."""
        if topic not in self._broker.topics:
            raise UnknownTopicOrPartitionError(topic)
        return set(range(len(self._broker.topics[topic])))

    def create_batch(self) -> SimBatch:
        """A batch to fill."""
        return SimBatch()

    async def send_batch(self, batch: SimBatch, topic: str, *, partition: int) -> Any:
        """Begin to send; the future gives what was acknowledged."""
        if self._closed:
            raise ProducerClosed()
        place = TopicPartition(topic, partition)
        number = self._sequences.get(place, -1) + 1
        self._sequences[place] = number
        done: asyncio.Future[Any] = self._broker.loop.create_future()
        until = self._broker.loop.time() + REQUEST_S

        def append() -> int:
            return self._broker.append(place, self._id, number, batch.records, self._node)

        def attempt() -> None:
            if done.done() or self._closed:
                return
            if self._broker.loop.time() > until:
                done.set_exception(KafkaTimeoutError())
                return
            self._broker.request(self._node, append, answered)

        def answered(result: Any) -> None:
            if done.done():
                return
            if not isinstance(result, BaseException):
                done.set_result(SimpleNamespace(offset=result))
            elif isinstance(result, KafkaError) and result.retriable:
                self._broker.loop.call_later(BACKOFF_S, attempt, context=self._node.context)
            else:
                done.set_exception(result)

        attempt()
        return done
