"""Reads saga.log, any partition from any offset, over one consumer that belongs to no group.

``auto_offset_reset="none"``: an offset that is not there any more is an error, never a silent jump
(DESIGN law 14). A stream that nobody waits on is paused, so an owner costs no fetches.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping

from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.types import (
    ConsumedRecord,
    Consumer,
    KafkaError,
    OffsetOutOfRangeError,
    TopicPartition,
)
from infra.vital import vital
from orchestrator.runtime.errors import LogGap
from orchestrator.runtime.tasks import end_all

POLL_MS = 1_000
RETRY_S = 0.2

Records = list[ConsumedRecord]


class LogReader:
    """One stream per partition at a time: a later one ends an earlier one that waits for records;
    one that is at work on some goes on behind them when the later one is over.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        topic: str,
        partitions: int,
        make: Callable[..., Consumer] = make_consumer,
    ) -> None:
        self._consumer = make(
            settings,
            auto_offset_reset="none",
            isolation_level="read_uncommitted",
            client_id="saga-log-reader",
        )
        self._partitions = {p: TopicPartition(topic, p) for p in range(partitions)}
        self._waiting: dict[TopicPartition, asyncio.Future[Records]] = {}
        self._placed: dict[TopicPartition, object] = {}  # whose place in the log the consumer has
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; no stream is open yet."""
        await self._consumer.start()
        self._consumer.assign(list(self._partitions.values()))
        for tp in self._partitions.values():
            # A position at once: a partition without one would keep the others from being read.
            self._consumer.seek(tp, 0)
            self._consumer.pause(tp)
        self._task = vital(asyncio.create_task(self._pump(), name="log-reader"))

    async def stop(self) -> None:
        """End all streams."""
        if self._task is not None:
            await end_all([self._task])
        await self._consumer.stop()

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Offsets of the first record and of the next one to be written; raises KafkaError."""
        tp = self._partitions[partition]
        first = await self._consumer.beginning_offsets([tp])
        return first[tp], await self.end(partition)

    async def end(self, partition: int) -> int:
        """Offset of the next record to be written; raises KafkaError."""
        tp = self._partitions[partition]
        end = await self._consumer.end_offsets([tp])
        return end[tp]

    async def stream(self, partition: int, start: int) -> AsyncGenerator[Records]:
        """Records from offset ``start`` on, without a gap, for ever; raises LogGap, KafkaError."""
        tp = self._partitions[partition]
        self._drop(tp)
        mine = object()
        try:
            while True:
                if self._placed.get(tp) is not mine:  # at first, and after a stream within this one
                    self._consumer.seek(tp, start)
                    self._placed[tp] = mine
                records = [r for r in await self._next(tp) if r.offset >= start]
                if records and records[0].offset > start:
                    raise LogGap(f"{tp.topic}/{partition}: {start} is gone")
                if records:
                    start = records[-1].offset + 1
                    yield records
        finally:
            self._drop(tp)

    async def read(self, partition: int, start: int, stop: int) -> AsyncGenerator[Records]:
        """Records of the offsets from ``start`` up to, not including, ``stop``."""
        if start >= stop:
            return
        async with contextlib.aclosing(self.stream(partition, start)) as stream:
            async for records in stream:
                yield [record for record in records if record.offset < stop]
                if records[-1].offset >= stop - 1:
                    return

    async def one(self, partition: int, offset: int) -> ConsumedRecord:
        """The record at this offset, which must be there."""
        async with contextlib.aclosing(self.read(partition, offset, offset + 1)) as stream:
            async for records in stream:
                return records[0]
        raise LogGap

    async def _next(self, tp: TopicPartition) -> Records:
        future: asyncio.Future[Records] = asyncio.get_running_loop().create_future()
        self._waiting[tp] = future
        self._consumer.resume(tp)
        try:
            return await future
        finally:
            if self._waiting.get(tp) is future:
                self._drop(tp)

    def _drop(self, tp: TopicPartition) -> None:
        self._consumer.pause(tp)
        future = self._waiting.pop(tp, None)
        if future is not None and not future.done():
            future.cancel()

    async def _pump(self) -> None:
        while True:
            try:
                batches = await self._consumer.getmany(timeout_ms=POLL_MS)
            except OffsetOutOfRangeError as error:
                self._gone(error)
                continue
            except KafkaError as error:
                self._fail(dict.fromkeys(self._waiting, error))
                await asyncio.sleep(RETRY_S)
                continue
            for tp, records in batches.items():
                future = self._waiting.pop(tp, None)
                self._consumer.pause(tp)
                if future is not None and not future.done():
                    future.set_result(records)

    def _gone(self, error: OffsetOutOfRangeError) -> None:
        offsets: dict[TopicPartition, int] = error.args[0] if error.args else {}
        places = {
            tp: LogGap(f"{tp.topic}/{tp.partition}: {at} is gone") for tp, at in offsets.items()
        }
        self._fail(places)

    def _fail(self, errors: Mapping[TopicPartition, Exception]) -> None:
        for tp, error in errors.items():
            future = self._waiting.pop(tp, None)
            self._consumer.pause(tp)
            if future is not None and not future.done():
                future.set_exception(error)
