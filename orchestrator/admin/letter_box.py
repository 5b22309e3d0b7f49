"""The dead-letter topic as this process has read it: which letters there are, and which marks.

Kept in memory are an id and a tenant for each letter, and the marks; letters themselves are read
when somebody looks. One question at a time: there is one consumer, assigned by hand.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Final

from infra.broker.clients import make_consumer
from infra.broker.errors import BrokerError, BrokerUnreachable
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import ConsumedRecord, Consumer, TopicPartition
from infra.clock import Clock
from orchestrator.admin.letters import (
    Letter,
    Mark,
    letter_id,
    letter_of,
    mark_of,
    place_of,
    tenant_of,
)

PATIENCE_S: Final = 10.0
_POLL_MS: Final = 200


class LetterBox:
    """Reads ``topic``; connects when first asked. ``tenants`` and ``marks`` are by a letter's id.

    Everything raises BrokerError or KafkaError when the topic cannot be read in time.
    """

    def __init__(self, settings: BrokerSettings, topic: str, clock: Clock) -> None:
        self.tenants: dict[int, int | None] = {}
        self.marks: dict[int, Mark] = {}
        self._settings = settings
        self._topic = topic
        self._clock = clock
        self._consumer: Consumer | None = None
        self._next: dict[TopicPartition, int] = {}

    async def close(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def fetch(self, letters: Iterable[int]) -> list[Letter]:
        """These letters, in this order; one that is gone meanwhile is left out."""
        wanted = list(letters)
        found: dict[int, Letter] = {}
        by_partition: dict[int, list[int]] = {}
        for letter in wanted:
            partition, offset = place_of(letter)
            by_partition.setdefault(partition, []).append(offset)
        for partition, offsets in by_partition.items():
            tp = TopicPartition(self._topic, partition)
            async for record in self._read(tp, min(offsets), max(offsets) + 1):
                letter = letter_id(partition, record.offset)
                found[letter] = letter_of(record, self.marks.get(letter))
        return [found[letter] for letter in wanted if letter in found]

    async def refresh(self) -> None:
        """Take in what has been added since, and forget what the topic no longer holds."""
        consumer = await self._connected()
        tps = list(self._next)
        begins, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        for tp in tps:
            if self._next[tp] > ends[tp]:  # the topic was made anew
                self._forget(tp.partition, self._next[tp])
                self._next[tp] = 0
            self._forget(tp.partition, begins[tp])
            async for record in self._read(tp, max(self._next[tp], begins[tp]), ends[tp]):
                self._take(record)
                self._next[tp] = record.offset + 1  # a call that ran out of time was not in vain
            self._next[tp] = ends[tp]

    def _take(self, record: ConsumedRecord) -> None:
        mark = mark_of(record)
        if mark is None:
            letter = letter_id(record.partition, record.offset)
            self.tenants[letter] = tenant_of(record.value)
        else:
            self.marks.setdefault(letter_id(record.partition, mark.offset), mark)

    def _forget(self, partition: int, below: int) -> None:
        for kept in (self.tenants, self.marks):
            gone = [id for id in kept if place_of(id)[0] == partition and place_of(id)[1] < below]
            for id in gone:
                del kept[id]

    async def _read(
        self, tp: TopicPartition, start: int, stop: int
    ) -> AsyncIterator[ConsumedRecord]:
        """The records from ``start`` up to ``stop``; raises BrokerError when it takes too long."""
        if start >= stop:
            return
        consumer = await self._connected()
        consumer.assign([tp])
        consumer.seek(tp, start)
        until = self._clock.monotonic() + PATIENCE_S
        while await consumer.position(tp) < stop:
            records = (await consumer.getmany(tp, timeout_ms=_POLL_MS)).get(tp, [])
            for record in records:
                if record.offset < stop:
                    yield record
            if records:
                until = self._clock.monotonic() + PATIENCE_S
            elif self._clock.monotonic() > until:
                raise BrokerUnreachable(f"{self._topic} cannot be read at the moment")

    async def _connected(self) -> Consumer:
        if self._consumer is None:
            partitions = (await list_topics(self._settings)).get(self._topic, 0)
            if partitions == 0:
                raise BrokerError(f"there is no topic {self._topic}")
            consumer = make_consumer(self._settings, client_id="saga-dead-letters")
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
            self._next = {TopicPartition(self._topic, n): 0 for n in range(partitions)}
        return self._consumer
