"""Appends to saga.log: one idempotent producer for all partitions, replaced where it failed.

An epoch stays with the producer it began on (DESIGN law 9). After an error on one partition, that
partition's next claim gets a new producer; the others keep theirs until they give it back.
"""

import asyncio
from collections.abc import Callable, Sequence

from infra.boundaries import Boundary
from infra.broker.batches import BatchSender
from infra.broker.clients import close_producer, make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.types import Producer, Record


class _Pen:
    """One producer, how many lanes write with it, and whether new ones may."""

    def __init__(self, producer: Producer) -> None:
        self.producer = producer
        self.sender = BatchSender(producer)
        self.lanes = 0
        self.usable = True


class Lane:
    """One partition's way into the log for one epoch."""

    def __init__(self, writer: "LogWriter", pen: _Pen, partition: int) -> None:
        self._writer = writer
        self._pen: _Pen | None = pen
        self._sender = pen.sender
        self._partition = partition

    def submit(self, records: Sequence[Record], boundary: Boundary) -> "asyncio.Future[int]":
        """Append the records side by side; the future gives their base offset, or raises."""
        return self._sender.submit(self._writer.topic, self._partition, records, boundary)

    def release(self, *, failed: bool) -> None:
        """The epoch is over; ``failed``: no later epoch may use this producer."""
        pen, self._pen = self._pen, None
        if pen is not None:
            self._writer.released(pen, failed=failed)


class LogWriter:
    """Gives lanes to claims. ``make`` makes a producer for the settings."""

    def __init__(
        self,
        settings: BrokerSettings,
        topic: str,
        make: Callable[..., Producer] = make_producer,
    ) -> None:
        self.topic = topic
        self._settings = settings
        self._make = make
        self._pen: _Pen | None = None
        self._lock = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._pens: set[_Pen] = set()

    async def lane(self, partition: int) -> Lane:
        """A lane on a producer that has not failed; raises KafkaError when none can be had."""
        async with self._lock:
            if self._pen is None or not self._pen.usable:
                producer = self._make(self._settings, client_id="saga-log")
                try:
                    await producer.start()
                except BaseException:
                    await close_producer(producer)
                    raise
                self._pen = _Pen(producer)
                self._pens.add(self._pen)
            pen = self._pen
            pen.lanes += 1
        return Lane(self, pen, partition)

    def released(self, pen: _Pen, *, failed: bool) -> None:
        """A lane has been given back."""
        pen.lanes -= 1
        pen.usable = pen.usable and not failed
        if not pen.usable and not pen.lanes and pen in self._pens:
            self._pens.discard(pen)
            task = asyncio.create_task(_close(pen))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close every producer; what is not acknowledged fails."""
        pens, self._pens, self._pen = self._pens, set(), None
        await asyncio.gather(*map(_close, pens), *self._closing)


async def _close(pen: _Pen) -> None:
    await pen.sender.close()
    await close_producer(pen.producer)
