"""One connection of a participant to the broker: read, handle, send, and commit behind it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiokafka.errors import KafkaError

from infra.broker.types import ConsumedRecord, Consumer, TopicPartition
from services.participant.acknowledger import Acknowledger
from services.participant.delivery import Delivery
from services.participant.outcome import Outcome

log = structlog.get_logger(__name__)

MAX_RECORDS = 500
READ_MS = 1_000
CLOSE_S = 2.0
PROBE_S = 2.0

Handle = Callable[[Sequence[ConsumedRecord]], Awaitable[Outcome]]


class Session:
    """``run`` goes on until it is cancelled, or raises the error that ended it; then ``close``.

    ``handle`` returns when its transaction is committed, however long that takes.
    """

    def __init__(self, consumer: Consumer, handle: Handle, delivery: Delivery) -> None:
        self._consumer = consumer
        self._handle = handle
        self._delivery = delivery
        self._acknowledger: Acknowledger | None = None
        self._ends: dict[TopicPartition, int] = {}
        self.connected = False

    async def run(self) -> None:
        """Connect, then read and handle; raises KafkaError or OSError when that is over."""
        await self._consumer.start()
        self.connected = True
        self._acknowledger = Acknowledger(self._consumer, self._delivery)
        await self._read(self._acknowledger)

    async def _read(self, acknowledger: Acknowledger) -> None:
        while True:
            found = await self._consumer.getmany(timeout_ms=READ_MS, max_records=MAX_RECORDS)
            acknowledger.check()
            records = [record for part in found.values() for record in part]
            while records:
                outcome = await self._handle(records)
                taken, records = records[: outcome.taken], records[outcome.taken :]
                parcels = self._delivery.submit(outcome.outgoing)
                await acknowledger.add(parcels, _offsets(taken))

    async def close(self) -> None:
        """Leave, at the latest after a few seconds: a broker that is gone answers nothing."""
        self.connected = False
        if self._acknowledger is not None:
            await self._acknowledger.drain(CLOSE_S)
        # No asyncio.timeout here: before Python 3.11.4 it fails in a task that is being cancelled.
        leaving = asyncio.ensure_future(self._consumer.stop())
        await asyncio.wait([leaving], timeout=CLOSE_S)
        leaving.cancel()
        await asyncio.wait([leaving], timeout=CLOSE_S)
        if not leaving.cancelled() and (error := leaving.exception()) is not None:
            log.info("consumer not closed", error=str(error))

    async def probe(self) -> str:
        """What is wrong with the connection, or nothing; asks the broker where the topics end."""
        if not self.connected:
            return "not connected"
        assigned = self._consumer.assignment()
        if not assigned:
            return "no partitions are assigned to it (yet)"
        try:
            async with asyncio.timeout(PROBE_S):
                self._ends = await self._consumer.end_offsets(assigned)
        except (KafkaError, OSError, TimeoutError) as error:
            return f"the broker does not answer: {type(error).__name__} {error}".rstrip()
        return ""

    @property
    def lag(self) -> int:
        """Records not settled yet, as of the last probe; a partition that nothing was read of
        counts not.
        """
        done = self._acknowledger.committed if self._acknowledger else {}
        return sum(max(0, end - done.get(tp, end)) for tp, end in self._ends.items())


def _offsets(records: Sequence[ConsumedRecord]) -> dict[TopicPartition, int]:
    """The next offset of each partition behind these records, which are in order within each."""
    return {TopicPartition(r.topic, r.partition): r.offset + 1 for r in records}
