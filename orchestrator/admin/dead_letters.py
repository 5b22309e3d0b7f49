"""Reads the dead-letter topic by hand and sends letters again, each once (law 8).

What is kept in memory is an id and a tenant for each letter and the marks; letters themselves are
read when somebody looks. A letter is sent again after a mark for it stands in the topic, and only
by whose mark is the first: so at most once, whoever asks, wherever. To send it once more takes an
explicit ``again``.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from heapq import nlargest
from typing import Final
from uuid import uuid4

from aiokafka.errors import KafkaError

from contracts.topics import DEAD_LETTERS, DEFAULT_TENANT, LOG
from infra.broker.clients import make_consumer
from infra.broker.errors import BrokerError, BrokerUnreachable
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import ConsumedRecord, Consumer, Record, TopicPartition
from infra.clock import Clock
from infra.telemetry.metrics import Metrics
from orchestrator.admin.letters import (
    Letter,
    Mark,
    letter_id,
    letter_of,
    mark_of,
    marking,
    place_of,
    tenant_of,
)

PATIENCE_S: Final = 10.0
TURN_S: Final = 25.0
_POLL_MS = 200


class RedriveRefused(Exception):
    """This letter cannot be sent again."""


class DeadLetters:
    """The dead letters of one cluster; connects when first asked, ``close`` at the end."""

    def __init__(self, settings: BrokerSettings, clock: Clock, metrics: Metrics) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._topic = settings.topic(DEAD_LETTERS)
        self._senders = TopicSenders(settings, client_id="saga-redrive")
        self._consumer: Consumer | None = None
        self._one_at_a_time = asyncio.Lock()
        self._next: dict[TopicPartition, int] = {}
        self._tenants: dict[int, int | None] = {}
        self._marks: dict[int, Mark] = {}

    async def page(self, tenant: int, after: int | None, limit: int, done: bool) -> list[Letter]:
        """The newest letters with an id below ``after``; those sent again only if ``done``.

        Raises BrokerError when the topic cannot be read in time.
        """
        async with self._turn():
            await self._refresh()
            wanted = (
                id
                for id, whose in self._tenants.items()
                if (after is None or id < after)
                and (done or id not in self._marks)
                and _visible(whose, tenant)
            )
            return await self._fetch(nlargest(limit, wanted))

    async def get(self, tenant: int, letter: int) -> Letter | None:
        """One letter; None when there is none of that id for this tenant. Raises BrokerError."""
        async with self._turn():
            await self._refresh()
            return await self._get(tenant, letter)

    async def redrive(self, tenant: int, letter: int, by: str, again: bool) -> Letter | None:
        """Send a letter to where it came from; None when there is no such letter.

        Raises RedriveRefused when it was sent already (unless ``again``), or cannot go back;
        BrokerError when the broker does not answer: then look whether it is marked before asking
        again.
        """
        async with self._turn():
            await self._refresh()
            found = await self._get(tenant, letter)
            if found is None:
                return None
            self._check(found, again)
            partition, offset = place_of(letter)
            mark = Mark(offset, uuid4().hex, by, self._clock.now_ms())
            await self._send(self._topic, partition, marking(mark))
            await self._refresh()
            first = self._marks.get(letter)
            if not again and (first is None or first.nonce != mark.nonce):
                raise RedriveRefused(f"dead letter {letter} is being sent again by somebody else")
            await self._send(found.topic, found.partition, found.again())
            self._metrics.redriven.add(found.topic)
            return found

    async def close(self) -> None:
        """Disconnect."""
        await self._senders.close()
        if self._consumer is not None:
            await self._consumer.stop()

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None, None]:
        """One question at a time, as there is one consumer; aiokafka's errors become ours."""
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(TURN_S):
                    yield
            except (KafkaError, OSError, TimeoutError) as error:
                raise BrokerUnreachable(f"{self._topic} cannot be read: {error}") from error

    def _check(self, letter: Letter, again: bool) -> None:
        if letter.redriven is not None and not again:
            raise RedriveRefused(f"dead letter {letter.id} was sent again by {letter.redriven.by}")
        if not letter.topic or letter.partition < 0:
            raise RedriveRefused(f"dead letter {letter.id} does not say where it came from")
        if letter.topic in (self._topic, self._settings.topic(LOG)):
            raise RedriveRefused(f"nothing is sent again to {letter.topic}")

    async def _send(self, topic: str, partition: int, record: Record) -> None:
        try:
            await asyncio.wait_for(self._senders.submit(topic, partition, [record]), PATIENCE_S)
        except TimeoutError as error:
            raise BrokerUnreachable(f"{topic} takes nothing at the moment") from error

    async def _get(self, tenant: int, letter: int) -> Letter | None:
        if letter not in self._tenants or not _visible(self._tenants[letter], tenant):
            return None
        return next(iter(await self._fetch([letter])), None)

    async def _fetch(self, letters: Iterable[int]) -> list[Letter]:
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
                found[letter] = letter_of(record, self._marks.get(letter))
        return [found[letter] for letter in wanted if letter in found]

    async def _refresh(self) -> None:
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
            self._tenants[letter] = tenant_of(record.value)
        else:
            self._marks.setdefault(letter_id(record.partition, mark.offset), mark)

    def _forget(self, partition: int, below: int) -> None:
        for kept in (self._tenants, self._marks):
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


def _visible(whose: int | None, tenant: int) -> bool:
    """A message that cannot be read belongs to nobody: the operator's account sees it (law 13)."""
    return whose == tenant or (whose is None and tenant == DEFAULT_TENANT)
