"""The two inputs: saga.requests in the group, saga.replies by hand beside it (DESIGN law 10).

The group assigns partitions of saga.requests; of saga.replies the same ones are read, by a consumer
that belongs to no member of the group and commits in a group of its own (ADR 0002).
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from contracts.topics import REPLIES, REQUESTS
from infra.boundaries import Boundary
from infra.broker.clients import make_consumer
from infra.broker.offsets import commit_offsets
from infra.broker.settings import BrokerSettings
from infra.broker.types import (
    ConsumedRecord,
    Consumer,
    IllegalStateError,
    KafkaError,
    RebalanceListener,
    TopicPartition,
)
from infra.logging import get_logger
from infra.vital import vital
from orchestrator.runtime.boundaries import REPLY_OFFSETS, REQUEST_OFFSETS
from orchestrator.runtime.happenings import Positions
from orchestrator.runtime.tasks import end_all

POLL_MS: Final = 1_000
POLL_RECORDS: Final = 500
RETRY_S: Final = 0.2
_log = get_logger(__name__)

Take = Callable[[int, int, list[ConsumedRecord]], None]
"""partition, source (0 requests, 1 replies), records"""


class Assignments(Protocol):
    """Who is told what the group decides."""

    async def revoked(self, partitions: set[int]) -> None: ...
    async def assigned(self, partitions: set[int]) -> None: ...


class _Listener(RebalanceListener):
    # pylint: disable=invalid-overridden-method  # aiokafka awaits what its base class does not
    def __init__(self, told: Assignments) -> None:
        self._told = told
        self.pause: Callable[[int], None]

    async def on_partitions_revoked(  # type: ignore[override]  # aiokafka awaits it
        self, revoked: Iterable[TopicPartition]
    ) -> None:
        await self._told.revoked({tp.partition for tp in revoked})

    async def on_partitions_assigned(  # type: ignore[override]
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        partitions = {tp.partition for tp in assigned}
        for partition in partitions:
            self.pause(partition)
        await self._told.assigned(partitions)


class _Source:
    """One topic, one consumer; every partition is paused until it is opened."""

    def __init__(self, consumer: Consumer, topic: str, boundary: Boundary) -> None:
        self.consumer = consumer
        self._boundary = boundary
        self._topic = topic
        self._committed: dict[TopicPartition, int] = {}
        self.trouble = ""

    def tp(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition)

    async def beginning(self, partition: int) -> int:
        """Where to read from when nothing else is known: the committed offset, else the first."""
        tp = self.tp(partition)
        committed = await self.consumer.committed(tp)
        first = (await self.consumer.beginning_offsets([tp]))[tp]
        end = (await self.consumer.end_offsets([tp]))[tp]
        # A recreated topic makes a committed offset wrong: then everything is read again.
        return committed if committed is not None and first <= committed <= end else first

    def open(self, partition: int, start: int) -> None:
        """Read the partition from this offset on."""
        tp = self.tp(partition)
        self.consumer.seek(tp, start)
        self.consumer.resume(tp)

    def pause(self, partition: int) -> None:
        with contextlib.suppress(IllegalStateError):
            self.consumer.pause(self.tp(partition))

    def resume(self, partition: int) -> None:
        with contextlib.suppress(IllegalStateError):
            self.consumer.resume(self.tp(partition))

    async def commit(self, offsets: Mapping[int, int]) -> None:
        """Commit the next offsets to read, where they have changed."""
        wanted = {self.tp(p): o for p, o in offsets.items() if o >= 0}
        news = {tp: o for tp, o in wanted.items() if self._committed.get(tp) != o}
        if not news:
            return
        try:
            await commit_offsets(self.consumer, news, self._boundary)
            self._committed.update(news)
        except (KafkaError, IllegalStateError) as error:
            # Harmless: what is not committed is read again and ignored (law 4).
            _log.debug("offsets not committed", topic=self._topic, error=str(error))

    async def pump(self, source: int, take: Take) -> None:
        """Read for ever, and hand on what comes."""
        while True:
            try:
                batches = await self.consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
                self.trouble = ""
            except KafkaError as error:
                self.trouble = f"{self._topic}: {type(error).__name__}: {error}"
                await asyncio.sleep(RETRY_S)
                continue
            for tp, records in batches.items():
                take(tp.partition, source, records)
            # getmany does not wait while records are buffered: let what was decided go on. Not
            # between two partitions: what counts as read must be decided (timers, law 5).
            await asyncio.sleep(0)


class KafkaInputs:
    """Both inputs of one process. ``member`` is its static membership id in the group.

    Where they end is asked on a connection of its own: Kafka answers one request of a connection
    after the other, and holds a fetch that finds nothing, so that on a reader's every timer would
    be late by that (law 5 has each wait for such an answer).
    """

    def __init__(self, settings: BrokerSettings, group: str, member: str, partitions: int) -> None:
        self._settings = settings
        self._group = settings.topic(group)
        self._member = member
        self._partitions = partitions
        self._tasks: list[asyncio.Task[None]] = []
        self._sources: tuple[_Source, ...] = ()
        self._asker: Consumer | None = None

    async def start(self, take: Take, told: Assignments) -> None:
        """Join the group and read; nothing is taken of a partition before it is opened."""
        replies_topic = self._settings.topic(REPLIES)
        replies = _Source(
            make_consumer(
                self._settings,
                group_id=f"{self._group}.replies",
                client_id="saga-replies",
            ),
            replies_topic,
            REPLY_OFFSETS,
        )
        requests = self._requests(told)
        self._sources = (requests, replies)  # stop ends them even when one does not start
        self._asker = make_consumer(self._settings, client_id="saga-ends")
        await self._asker.start()
        await replies.consumer.start()
        tps = [replies.tp(p) for p in range(self._partitions)]
        replies.consumer.assign(tps)
        for tp in tps:
            replies.consumer.pause(tp)
        await requests.consumer.start()
        self._tasks = [
            vital(asyncio.create_task(source.pump(number, take), name=f"inputs-{number}"))
            for number, source in enumerate(self._sources)
        ]

    def _requests(self, told: Assignments) -> _Source:
        topic = self._settings.topic(REQUESTS)
        listener = _Listener(told)
        consumer = make_consumer(
            self._settings,
            [topic],
            group_id=self._group,
            group_instance_id=self._member,
            listener=listener,
            client_id="saga-requests",
        )
        source = _Source(consumer, topic, REQUEST_OFFSETS)
        listener.pause = source.pause
        return source

    async def stop(self, *, leave: bool) -> None:
        """Read no more. ``leave`` the group, and others take over at once; else they do when the
        session has timed out, or this member comes back to its seat."""
        await end_all(self._tasks)
        consumers = [source.consumer for source in self._sources]
        if self._asker is not None:
            consumers.append(self._asker)
        await asyncio.gather(*(_stop(consumer, leave) for consumer in consumers))

    async def open(self, partition: int, start: Positions) -> Positions:
        """Read this partition of both from here, or else from the committed offset, or the
        first.
        """
        requests, replies = self._sources
        places = (
            start[0] if start[0] >= 0 else await requests.beginning(partition),
            start[1] if start[1] >= 0 else await replies.beginning(partition),
        )
        # From here on without a pause: the caller must be ready before the first record comes.
        requests.open(partition, places[0])
        replies.open(partition, places[1])
        return places

    def close(self, partition: int) -> None:
        """Read it no more."""
        for source in self._sources:
            source.pause(partition)

    def hold(self, partition: int, source: int, held: bool) -> None:
        """Stop reading one of them for a while, or go on."""
        one = self._sources[source]
        (one.pause if held else one.resume)(partition)

    async def ends(self, partitions: Iterable[int]) -> dict[int, Positions]:
        """Where both inputs end now; raises KafkaError."""
        assert self._asker is not None
        requests, replies = self._sources
        asked = {p: (requests.tp(p), replies.tp(p)) for p in partitions}
        found = await self._asker.end_offsets([tp for both in asked.values() for tp in both])
        return {p: (found[both[0]], found[both[1]]) for p, both in asked.items()}

    async def position(self, partition: int) -> Positions:
        """How far both were read, control records included."""
        found = [await s.consumer.position(s.tp(partition)) for s in self._sources]
        return found[0], found[1]

    async def commit(self, offsets: Mapping[int, Positions]) -> None:
        """Commit the offsets of what is decided and safe."""
        for number, source in enumerate(self._sources):
            await source.commit({p: places[number] for p, places in offsets.items()})

    @property
    def trouble(self) -> list[str]:
        """What keeps the inputs from being read."""
        return [source.trouble for source in self._sources if source.trouble]


async def _stop(consumer: Consumer, leave: bool) -> None:
    # aiokafka keeps a static member's seat until its session times out; a clean stop gives it up.
    coordinator: Any = getattr(consumer, "_coordinator", None)
    if leave and coordinator is not None:
        coordinator._group_instance_id = None  # pylint: disable=protected-access
    await consumer.stop()
