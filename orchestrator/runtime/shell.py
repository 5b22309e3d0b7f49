"""The running parts of one orchestrator, and how inputs and rebalances reach its partitions."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from infra.broker.types import ConsumedRecord
from infra.logging import get_logger
from orchestrator.runtime.answers import Answers
from orchestrator.runtime.checkup import Checkup
from orchestrator.runtime.house import House
from orchestrator.runtime.inputs import KafkaInputs
from orchestrator.runtime.partition import Partition
from orchestrator.runtime.tasks import end_all
from orchestrator.runtime.timers import Timers

REBALANCE_S: Final = 2.0
"""How long a rebalance waits for what is under way."""
LEAVE_S: Final = 5.0
DRAIN_POLL_S: Final = 0.005
_log = get_logger(__name__)


@dataclass
class Shell:
    """What runs between ``start`` and ``stop``."""

    house: House
    inputs: KafkaInputs
    partitions: list[Partition]
    timers: Timers
    checkup: Checkup
    answers: Answers
    assignment: set[int] | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    async def begin(self) -> None:
        """Follow every partition, join the group, begin to read."""
        self.house.moved = self.moved
        self.house.refused = self.answers.refused
        self.house.unblocked = self.balance
        self.house.effects.backlog.changed = self.balance
        for partition in self.partitions:
            self.house.follow(partition.number)
        await self.inputs.start(self.take, self)
        for work in (
            self.timers.run,
            self.checkup.watch,
            self.checkup.commit_offsets,
            self.checkup.reconcile,
        ):
            self._spawn(work)

    async def finish(self) -> None:
        """Take nothing more, finish what is under way, commit offsets."""
        for partition in self.partitions:
            self.inputs.close(partition.number)
        await self._drain()
        await self.house.effects.flush()
        await self.checkup.commit_now()

    async def end(self, *, leave: bool) -> None:
        """Stop everything as it stands; ``leave`` the group or let it find out by itself."""
        self.house.effects.close()
        await end_all(self.tasks)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await self.inputs.stop(leave=leave)
        for partition in self.partitions:
            partition.stop()

    # ----------------------------------------------------------------------- the group decides

    async def revoked(self, partitions: set[int]) -> None:
        """A rebalance begins: let the next owner find everything decided and committed."""
        for partition in partitions:
            self.inputs.close(partition)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REBALANCE_S):
                await self._drain()
        await self.checkup.commit_now()

    async def assigned(self, partitions: set[int]) -> None:
        """A rebalance is over: claim what is new, give up what is gone, go on with the rest."""
        before, self.assignment = self.assignment or set(), partitions
        _log.info("partitions assigned", partitions=sorted(partitions))
        for partition in self.partitions:
            if partition.number in partitions:
                if partition.number in before:
                    await partition.reopen()
                else:
                    partition.assigned()
            elif partition.number in before:
                partition.revoke()

    # --------------------------------------------------------------------------------- working

    def take(self, partition: int, source: int, records: list[ConsumedRecord]) -> None:
        """Decide inputs; whatever goes wrong costs one partition its ownership for a moment."""
        try:
            self.partitions[partition].take(source, records)
        except Exception as error:  # pylint: disable=broad-exception-caught
            _log.exception("inputs could not be decided", partition=partition)
            self.partitions[partition].broken(f"{type(error).__name__}: {error}")
        self.timers.poke()

    def moved(self, sagas: set[int]) -> None:
        """These sagas have changed in SQLite."""
        self.timers.poke()
        self.answers.moved(sagas)

    def balance(self) -> None:
        """More or less is out with the participants than the broker should hold."""
        for partition in self.partitions:
            partition.balance()

    async def _drain(self) -> None:
        while not all(partition.idle for partition in self.partitions):  # noqa: ASYNC110
            await asyncio.sleep(DRAIN_POLL_S)

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def forever() -> None:
            while True:
                try:
                    await work()
                except Exception:  # pylint: disable=broad-exception-caught
                    _log.exception("a background task failed, it begins again")
                    await asyncio.sleep(1.0)

        self.tasks.append(asyncio.create_task(forever(), name=work.__qualname__))
