"""What this system uses of aiokafka's clients, with types (aiokafka itself ships none).

`infra.broker.clients` returns the real clients under these names, so that a caller can be checked
by a type checker and a test can put its own in their place.
"""

# pylint: disable=missing-function-docstring  # the names are aiokafka's, documented there

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener as RebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError, OffsetOutOfRangeError

__all__ = [
    "ConsumedRecord",
    "Consumer",
    "IllegalStateError",
    "KafkaError",
    "OffsetOutOfRangeError",
    "Producer",
    "RebalanceListener",
    "Record",
    "TopicPartition",
]

Headers = Sequence[tuple[str, bytes]]


class Record(NamedTuple):
    """One record to be written. `timestamp_ms`: UTC milliseconds, None for the time of sending."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp_ms: int | None = None


class ConsumedRecord(Protocol):
    """One record as read: raw bytes, never decoded here (law 8)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Consumer(Protocol):
    """The part of `aiokafka.AIOKafkaConsumer` in use."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def assign(self, partitions: Iterable[TopicPartition]) -> None: ...
    def assignment(self) -> set[TopicPartition]: ...
    async def getmany(
        self,
        *partitions: TopicPartition,
        timeout_ms: int = 0,
        max_records: int | None = None,
    ) -> dict[TopicPartition, list[ConsumedRecord]]: ...
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...
    async def committed(self, partition: TopicPartition) -> int | None: ...
    async def position(self, partition: TopicPartition) -> int: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    async def seek_to_beginning(self, *partitions: TopicPartition) -> bool: ...
    async def seek_to_end(self, *partitions: TopicPartition) -> bool: ...
    async def end_offsets(
        self, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, int]: ...
    async def beginning_offsets(
        self, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, int]: ...
    def pause(self, *partitions: TopicPartition) -> None: ...
    def resume(self, *partitions: TopicPartition) -> None: ...
    def paused(self) -> set[TopicPartition]: ...
    def partitions_for_topic(self, topic: str) -> set[int] | None: ...


class RecordMetadata(Protocol):
    """Where a batch landed: the offset of its first record."""

    @property
    def offset(self) -> int: ...


class BatchBuilder(Protocol):
    """aiokafka's batch under construction."""

    def append(
        self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers
    ) -> object | None: ...
    def close(self) -> None: ...


class Producer(Protocol):
    """The part of `aiokafka.AIOKafkaProducer` in use."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def create_batch(self) -> BatchBuilder: ...
    async def send_batch(
        self, batch: BatchBuilder, topic: str, *, partition: int
    ) -> Awaitable[RecordMetadata | None]: ...
    async def partitions_for(self, topic: str) -> set[int]: ...
