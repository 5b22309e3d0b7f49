"""Commits the offsets of commands once their replies are acknowledged, in order, beside the next
batches; not for every batch, as where little is to be done that would be one for every command.
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
COMMIT_S = 0.25
"""Between two commits: what a crash leaves uncommitted is read and answered again."""
COMMIT_AGAIN_S = 1.0
"""The same after one that failed."""

Offsets = Mapping[TopicPartition, int]


class Acknowledger:
    """One task: waits for the parcels of each batch and commits the offsets behind them."""

    def __init__(self, consumer: Consumer, delivery: Delivery) -> None:
        self._consumer = consumer
        self._delivery = delivery
        self._waiting: asyncio.Queue[tuple[Sequence[Parcel], Offsets]] = asyncio.Queue(UNDER_WAY)
        self._owed: dict[TopicPartition, int] = {}
        self._settled = 0  # batches that are acknowledged, and whose offsets are owed
        self._due = 0.0
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
        self._due = 0.0
        if self._waiting.empty():
            self._waiting.put_nowait(((), {}))  # wakes the task, where it waits for the next commit
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
        self._settled += len(taken)
        if self._left_s() > 0:
            return
        pause_s = COMMIT_S if await self._commit() else COMMIT_AGAIN_S
        self._due = asyncio.get_running_loop().time() + pause_s
        for _ in range(self._settled):
            self._waiting.task_done()
        self._settled = 0

    async def _take(self) -> list[tuple[Sequence[Parcel], Offsets]]:
        """What waits, at least one batch; nothing where a commit that is owed is due before."""
        try:
            async with asyncio.timeout(self._left_s() if self._owed else None):
                taken = [await self._waiting.get()]
        except TimeoutError:
            return []
        while not self._waiting.empty():
            taken.append(self._waiting.get_nowait())
        return taken

    def _left_s(self) -> float:
        """How long until the next commit may be made."""
        return max(0.0, self._due - asyncio.get_running_loop().time())

    async def _commit(self) -> bool:
        """Commit what is owed, and whether that is over; a commit that fails only means that
        commands are read and answered again.
        """
        if not self._owed:
            return True
        try:
            await commit_offsets(self._consumer, self._owed, COMMAND_OFFSETS)
            self.committed.update(self._owed)
            self._owed = {}
        except (CommitFailedError, IllegalStateError) as error:
            log.info("offsets not committed: the partitions have moved", error=str(error))
            self._owed = {}
        except KafkaError as error:
            log.warning("offsets not committed, will be tried again", error=str(error))
            return False
        return True
