"""The simulated consumer: what the product uses of aiokafka's, with its errors."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalGenerationError,
    KafkaError,
    KafkaTimeoutError,
    UnknownMemberIdError,
)

from infra.broker.types import TopicPartition
from tests.simulation.broker import REQUEST_S, Broker, Stored
from tests.simulation.loop import Node
from tests.simulation.parts import Parts

BACKOFF_S = 0.05
_NONE = -1  # as generation: of none


class SimConsumer:  # pylint: disable=too-many-instance-attributes  # it is two kinds in one
    """A consumer in a group, or one that is assigned by hand."""

    def __init__(self, broker: Broker, node: Node, options: Mapping[str, Any]) -> None:
        self.node = node
        self.topics: list[str] = []
        self.session_s = options["session_timeout_ms"] / 1_000
        self._broker = broker
        self._group_id: str | None = options["group_id"]
        self._coordinator = SimpleNamespace(_group_instance_id=options["group_instance_id"])
        self._name = options["group_instance_id"] or f"member-{broker.new_producer()}"
        self._most: int | None = options["max_poll_records"]
        self._listener: Any = None
        self._parts = Parts(broker, reset=options["auto_offset_reset"])
        self._generation = _NONE
        self._over = _NONE
        self._task: asyncio.Task[Any] | None = None
        self._told: asyncio.Event = asyncio.Event()
        self._news: asyncio.Future[None] | None = None
        self._closed = False

    # ------------------------------------------------------------------------------ life, group

    def subscribe(self, topics: list[str], listener: Any = None) -> None:
        """Have the group assign partitions of these."""
        self.topics, self._listener = list(topics), listener
        self._parts.grouped = True

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Assign by hand."""
        self._parts.assign(partitions)
        self._wake()

    async def start(self) -> None:
        """Connect; raises KafkaConnectionError."""
        await self._broker.ask(self.node, lambda: None)
        if self.topics:
            self._told.set()
            self._task = asyncio.create_task(self._coordinate())

    async def stop(self) -> None:
        """Leave, unless a static member's seat is kept."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            group = self._broker.group(self._group_id or "")
            if vars(self._coordinator)["_group_instance_id"] is None:
                self._broker.request(self.node, lambda: group.leave(self), lambda _: None)
            else:
                self._broker.request(self.node, lambda: group.silent(self.node), lambda _: None)

    def told(self, known: bool, generation: int) -> None:
        """What a heartbeat was answered: this generation is over, for all or for this member."""
        if not known and generation == self._generation:
            self._generation = _NONE
        self._over = max(self._over, generation)
        self._told.set()

    async def _coordinate(self) -> None:
        group = self._broker.group(self._group_id or "")
        first = True
        while True:
            await self._told.wait()
            self._told.clear()
            if 0 <= self._over < self._generation:
                continue  # it has joined a later one meanwhile
            if self._listener is not None and not first:
                await self._listener.on_partitions_revoked(set(self._parts.all))
            first = False
            self._generation, places = await self._join(group)
            self._parts.assign(places)
            if self._listener is not None:
                await self._listener.on_partitions_assigned(set(places))
            for tp, part in list(self._parts.all.items()):
                if part.position is None:
                    committed = await self.committed(tp)
                    if part.position is None:
                        part.position = committed or 0
            self._wake()

    async def _join(self, group: Any) -> tuple[int, list[TopicPartition]]:
        while True:
            answer: asyncio.Future[Any] = self._broker.loop.create_future()

            def joined(result: Any, future: "asyncio.Future[Any]" = answer) -> None:
                def tell() -> None:
                    if not future.done():
                        future.set_result(result)

                delay = self._broker.delay()
                self._broker.loop.call_later(delay, tell, context=self.node.context)

            try:
                reply = joined
                await self._broker.ask(self.node, lambda to=reply: group.join(self, self._name, to))
            except KafkaError:
                await asyncio.sleep(BACKOFF_S * 4)
                continue
            while not answer.done():
                # a coordinator that went away has forgotten that we wait
                await asyncio.wait([answer], timeout=REQUEST_S)
                if not answer.done():
                    break
            if answer.done():
                return answer.result()

    # ---------------------------------------------------------------------------------- reading

    async def getmany(
        self, *_: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Stored]]:
        """What is there, or nothing when the time is up; raises OffsetOutOfRangeError."""
        if self._closed:
            raise ConsumerStoppedError()
        until = self._broker.loop.time() + timeout_ms / 1_000
        while True:
            if self._reachable() and self._parts.anything():
                await asyncio.sleep(self._broker.delay())
                most = max_records or self._most or 10_000
                found = self._parts.collect(most) if self._reachable() else None
                if found:
                    return found
            left = until - self._broker.loop.time()
            if left <= 0:
                return {}
            await self._wait(left)

    def _reachable(self) -> bool:
        return self._broker.up and not self.node.cut_off

    async def _wait(self, seconds: float) -> None:
        """Until there may be something, or the time is up."""
        news: asyncio.Future[None] = self._broker.loop.create_future()
        self._news = news
        for tp, part in self._parts.all.items():
            if not part.paused:
                self._broker.log(tp).waiting[self] = None
        timer = self._broker.loop.call_later(seconds, self._wake)
        try:
            await news
        finally:
            timer.cancel()
            self._news = None

    def wake_soon(self, delay: float) -> None:
        """Something was appended."""
        self._broker.loop.call_later(delay, self._wake, context=self.node.context)

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    # -------------------------------------------------------------------------------- positions

    def assignment(self) -> set[TopicPartition]:
        """What is assigned."""
        return set(self._parts.all)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from here."""
        self._parts.get(partition).position = offset
        self._wake()

    def pause(self, *partitions: TopicPartition) -> None:
        """Read these no more."""
        for tp in partitions:
            self._parts.get(tp).paused = True

    def resume(self, *partitions: TopicPartition) -> None:
        """Read these again."""
        for tp in partitions:
            self._parts.get(tp).paused = False
        self._wake()

    async def position(self, partition: TopicPartition) -> int:
        """How far it was read."""
        while True:
            part = self._parts.get(partition)
            if part.position is not None:
                return part.position
            await asyncio.sleep(BACKOFF_S)

    async def committed(self, partition: TopicPartition) -> int | None:
        """What the group has committed; asks until it is told, as aiokafka does."""
        offsets = self._broker.group(self._group_id or "").offsets
        return await self._asked(lambda: offsets.get(partition))

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit; raises CommitFailedError when the group has moved on."""
        for tp in offsets:
            self._parts.get(tp)
        group, wanted = self._broker.group(self._group_id or ""), dict(offsets)
        generation = self._generation if self.topics else None
        try:
            await self._asked(lambda: group.commit(self, generation, wanted))
        except (UnknownMemberIdError, IllegalGenerationError) as error:
            self.told(False, self._generation)
            raise CommitFailedError() from error

    async def _asked(self, handle: Callable[[], Any]) -> Any:
        while True:
            try:
                return await self._broker.ask(self.node, handle)
            except KafkaError as error:
                if not error.retriable or isinstance(
                    error, (UnknownMemberIdError, IllegalGenerationError)
                ):
                    raise
            await asyncio.sleep(BACKOFF_S * 4)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where these end now; raises KafkaTimeoutError."""
        asked = list(partitions)
        return await self._bounds(lambda: {tp: self._broker.log(tp).end for tp in asked})

    async def beginning_offsets(
        self, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Where these begin; raises KafkaTimeoutError."""
        asked = list(partitions)
        return await self._bounds(lambda: dict.fromkeys(asked, 0))

    async def _bounds(self, handle: Callable[[], Any]) -> Any:
        until = self._broker.loop.time() + REQUEST_S
        while True:
            try:
                return await self._broker.ask(self.node, handle)
            except KafkaError as error:
                if self._broker.loop.time() > until or not error.retriable:
                    raise KafkaTimeoutError() from error
            await asyncio.sleep(BACKOFF_S * 4)
