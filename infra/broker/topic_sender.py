"""One topic's way out: a producer, replaced after every error, and what waits for the next one."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from aiokafka.errors import (
    InvalidTimestampError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from infra.boundaries import Boundary
from infra.broker.batches import BatchSender
from infra.broker.clients import close_producer
from infra.broker.errors import AppendFailed, BatchTooLarge, BrokerError, UnknownDestination
from infra.broker.sizes import MAX_BATCH_BYTES
from infra.broker.types import Producer, Record

BACKOFF_FIRST_S = 0.05
BACKOFF_MAX_S = 0.5
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
REFUSED = (InvalidTopicError, InvalidTimestampError)


class Group(NamedTuple):
    """Records of one submission, and who waits for their base offset."""

    partition: int
    records: Sequence[Record]
    boundary: Boundary
    done: asyncio.Future[int]


class TopicSender:
    """Takes responsibility for groups until the cluster acknowledged or refused them."""

    def __init__(self, topic: str, make: Callable[[], Producer], *, rests: bool = False) -> None:
        self._topic = topic
        self._make = make
        self._rests = rests
        self._pair: tuple[Producer | None, BatchSender | None] = (None, None)
        self._sender: BatchSender | None = None  # the pair's, as long as it has not failed
        self._waiting: deque[Group] = deque()
        self._opening: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._limit = MAX_BATCH_BYTES
        self._backoff_s = 0.0
        self._unfinished = 0
        self._closed = False
        self.sick = ""
        self.idle = asyncio.Event()
        self.idle.set()

    def send(self, group: Group) -> None:
        """Take responsibility for the group: its future will end."""
        self._unfinished += 1
        self.idle.clear()
        self._try(group)

    async def close(self) -> None:
        """Give up what is not acknowledged."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        await self._discard()
        if self._leaving:
            await asyncio.wait(self._leaving)
        while self._waiting:
            self._finish(self._waiting.popleft(), AppendFailed(f"{self._topic}: closed"))

    def _try(self, group: Group) -> None:
        if self._sender is None:
            self._waiting.append(group)
            self._open_soon()
            return
        try:
            sent = self._sender.submit(self._topic, group.partition, group.records, group.boundary)
        except (BatchTooLarge, ValueError) as error:
            self._finish(group, error)
        else:
            sent.add_done_callback(partial(self._settled, self._sender, group))

    def _settled(self, sender: BatchSender, group: Group, sent: "asyncio.Future[int]") -> None:
        """Runs in the order of submission, so that what waits keeps its order."""
        error = sent.exception()
        if error is None:
            self.sick, self._backoff_s = "", 0.0
            self._finish(group, sent.result())
            return
        if self._sender is sender:
            self._limit = _smaller(sender, error)
            self._sender = None
        if self._closed or _is_final(error):
            self._finish(group, error)
        else:
            self.sick = str(error)
            self._waiting.append(group)
        self._open_soon()

    def _finish(self, group: Group, outcome: int | BaseException) -> None:
        self._unfinished -= 1
        if self._unfinished == 0:
            self.idle.set()
        if group.done.done():
            return
        if isinstance(outcome, BaseException):
            group.done.set_exception(outcome)
        else:
            group.done.set_result(outcome)

    def _open_soon(self) -> None:
        if self._opening is None and not self._closed:
            self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        """A new producer in place of the failed one; then everything that waits, in order."""
        await self._discard()
        while self._sender is None:
            await asyncio.sleep(self._backoff_s)
            self._backoff_s = min(2 * self._backoff_s or BACKOFF_FIRST_S, BACKOFF_MAX_S)
            try:
                producer = await self._start()
            except (BrokerError, KafkaError, OSError) as error:
                self.sick = str(error)
            else:
                self._sender = BatchSender(producer, max_batch_bytes=self._limit, rests=self._rests)
                self._pair = (producer, self._sender)
        self._opening = None
        waiting, self._waiting = self._waiting, deque()
        for group in waiting:
            self._try(group)

    async def _start(self) -> Producer:
        producer = self._make()
        try:
            await producer.start()
        except BaseException:
            await close_producer(producer)
            raise
        return producer

    async def _discard(self) -> None:
        """Close the producer; what it did not acknowledge comes back through `_settled`."""
        (producer, sender), self._pair, self._sender = self._pair, (None, None), None
        if sender is not None:
            await sender.close()
        if producer is not None:  # it takes its time while no broker answers: nobody waits for it
            leaving = asyncio.create_task(_close(producer))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)


async def _close(producer: Producer) -> None:
    with contextlib.suppress(KafkaError, OSError):
        await close_producer(producer)


def _is_final(error: BaseException) -> bool:
    """Whether sending the same again would end the same."""
    if isinstance(error, (UnknownDestination, BatchTooLarge)):
        return True
    return isinstance(error.__cause__, REFUSED)


def _smaller(sender: BatchSender, error: BaseException) -> int:
    """The next batch limit. A topic that takes less than Kafka's default refuses the whole batch:
    halved each time until a batch fits, or the group alone does not (`BatchTooLarge`)."""
    refused = isinstance(error.__cause__, TOO_LARGE)
    return sender.max_batch_bytes // 2 if refused else sender.max_batch_bytes
