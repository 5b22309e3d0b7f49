"""Sends commands, events, replies and dead letters; one sick topic holds up only itself (law 3).

Each topic has a producer of its own: through a shared one, a topic that is refused again and again
would delay every other by a backoff each time (aiokafka has one request under way per broker).
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from aiokafka.errors import (
    InvalidTimestampError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from infra.broker.batches import BatchSender
from infra.broker.clients import MAX_BATCH_BYTES, close_producer, make_producer
from infra.broker.errors import AppendFailed, UnknownDestination
from infra.broker.settings import BrokerSettings
from infra.broker.types import Producer, Record

BACKOFF_FIRST_S = 0.05
BACKOFF_MAX_S = 2.0
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
REFUSED = (InvalidTopicError, InvalidTimestampError)


class TopicSenders:
    """Sends to any topic and sends again until acknowledged; a duplicate is harmless (law 4).

    `make`: how to make a producer for these settings.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        *,
        client_id: str = "saga-out",
        make: Callable[..., Producer] = make_producer,
    ) -> None:
        self._settings = settings
        self._client_id = client_id
        self._make = make
        self._topics: dict[str, _TopicSender] = {}
        self._tasks: set[asyncio.Task[int]] = set()

    def submit(
        self, topic: str, partition: int, records: Sequence[Record]
    ) -> "asyncio.Future[int]":
        """Send `records`; the future ends with the base offset once they are acknowledged.

        It raises only what sending again cannot cure: `BatchTooLarge` (for this topic, too),
        `UnknownDestination`, or `AppendFailed` when the cluster refuses these very records. All
        else is retried and shown by `sick`. Order within a partition holds until an error.
        """
        sender = self._topics.get(topic)
        if sender is None:
            sender = self._topics[topic] = _TopicSender(
                topic, lambda: self._make(self._settings, client_id=f"{self._client_id}-{topic}")
            )
        task = asyncio.create_task(sender.send(partition, records))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def sick(self) -> dict[str, str]:
        """Topics that take nothing at the moment, with the reason; for readiness."""
        return {topic: sender.sick for topic, sender in self._topics.items() if sender.sick}

    async def flush(self) -> None:
        """Wait until everything submitted so far is acknowledged or refused."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Stop; what is not acknowledged by now ends as cancelled or `AppendFailed`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(sender.close() for sender in self._topics.values()))


class _TopicSender:
    """One topic: its producer, replaced after every error."""

    def __init__(self, topic: str, make: Callable[[], Producer]) -> None:
        self._topic = topic
        self._make = make
        self._lock = asyncio.Lock()
        self._producer: Producer | None = None
        self._sender: BatchSender | None = None
        self._limit = MAX_BATCH_BYTES
        self.sick = ""

    async def send(self, partition: int, records: Sequence[Record]) -> int:
        backoff_s = BACKOFF_FIRST_S
        while True:
            sender: BatchSender | None = self._sender
            try:
                sender = sender or await self._open()
                offset = await sender.submit(self._topic, partition, records)
                self.sick = ""
                return offset
            except (AppendFailed, KafkaError, OSError) as error:
                await self._replace(sender)
                cause = error.__cause__
                if isinstance(error, UnknownDestination) or isinstance(cause, REFUSED):
                    raise
                if isinstance(cause, TOO_LARGE):
                    self._shrink(sender)
                self.sick = str(error)
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, BACKOFF_MAX_S)

    async def close(self) -> None:
        sender = self._sender
        await self._replace(sender)

    async def _open(self) -> BatchSender:
        async with self._lock:
            if self._sender is None:
                producer = self._make()
                try:
                    await producer.start()
                except BaseException:
                    await close_producer(producer)
                    raise
                sender = BatchSender(producer, max_batch_bytes=self._limit)
                self._producer, self._sender = producer, sender
            return self._sender

    def _shrink(self, failed: BatchSender | None) -> None:
        """The topic takes less than Kafka's default: halve, once per refused batch, until a batch
        fits, or the group alone does not (`BatchTooLarge`)."""
        if failed is not None and failed.max_batch_bytes == self._limit:
            self._limit //= 2

    async def _replace(self, failed: BatchSender | None) -> None:
        """Close the failed sender and its producer, once, whoever of the waiters comes first."""
        if failed is None or self._sender is not failed:
            return
        producer, self._producer, self._sender = self._producer, None, None
        await failed.close()
        if producer is not None:
            with contextlib.suppress(KafkaError, OSError):
                await close_producer(producer)
