"""Commits the offsets of commands once their replies are acknowledged, in order, beside the next
batches.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Mapping, Sequence

import structlog
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from infra.broker.offsets import commit_offsets
from infra.broker.types import Consumer, TopicPartition
from services.participant.boundaries import COMMAND_OFFSETS
from services.participant.delivery import Delivery, Parcel

log = structlog.get_logger(__name__)

UNDER_WAY = 8
"""Batches whose replies may be on their way; reading waits when there are more."""
COMMIT_AGAIN_S = 1.0

Offsets = Mapping[TopicPartition, int]


class Acknowledger:
    """One task: waits for the parcels of each batch and commits the offsets behind them."""

    def __init__(self, consumer: Consumer, delivery: Delivery) -> None:
        self._consumer = consumer
        self._delivery = delivery
        self._waiting: asyncio.Queue[tuple[Sequence[Parcel], Offsets]] = asyncio.Queue(UNDER_WAY)
        self._owed: dict[TopicPartition, int] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.task = asyncio.create_task(self._run())

    async def add(self, parcels: Sequence[Parcel], offsets: Offsets) -> None:
        """Commit these offsets after these parcels; waits while too many batches are under way.

        Raises as ``check`` does.
        """
        self.check()
        await self._waiting.put((parcels, offsets))

    def check(self) -> None:
        """Raises what ended the task, if it has ended."""
        if self.task.done():
            self.task.result()

    async def drain(self, timeout_s: float) -> None:
        """Give what is under way this long to be acknowledged and committed, then stop."""
        done = asyncio.ensure_future(self._waiting.join())
        await asyncio.wait([done, self.task], timeout=timeout_s, return_when=FIRST_COMPLETED)
        done.cancel()
        self.task.cancel()
        await asyncio.wait([done, self.task])

    async def _run(self) -> None:
        try:
            while True:
                await self._settle(await self._take())
        finally:
            while not self._waiting.empty():  # or whoever waits in ``add`` would do so for ever
                self._waiting.get_nowait()

    async def _settle(self, taken: Sequence[tuple[Sequence[Parcel], Offsets]]) -> None:
        for parcels, offsets in taken:
            await self._delivery.acknowledged(parcels)
            self._owed.update(offsets)
        await self._commit()
        for _ in taken:
            self._waiting.task_done()

    async def _take(self) -> list[tuple[Sequence[Parcel], Offsets]]:
        """What waits, at least one batch; nothing after a while when a commit is owed."""
        try:
            async with asyncio.timeout(COMMIT_AGAIN_S if self._owed else None):
                taken = [await self._waiting.get()]
        except TimeoutError:
            return []
        while not self._waiting.empty():
            taken.append(self._waiting.get_nowait())
        return taken

    async def _commit(self) -> None:
        """Commit what is owed; a commit that fails only means that commands are read and answered
        again.
        """
        if not self._owed:
            return
        try:
            await commit_offsets(self._consumer, self._owed, COMMAND_OFFSETS)
            self.committed.update(self._owed)
            self._owed = {}
        except (CommitFailedError, IllegalStateError) as error:
            log.info("offsets not committed: the partitions have moved", error=str(error))
            self._owed = {}
        except KafkaError as error:
            log.warning("offsets not committed, will be tried again", error=str(error))
