"""Wakes sagas whose time has come (DESIGN laws 5 and 12). The index in SQLite is the timer store.

A wake-up is decided only after both inputs of its partition were read up to where they ended once
the time had come: after an hour down, replies come before timeouts. An input that lost its tail
meanwhile (a power cut of the broker) may never reach that end again, so the end is asked again.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from infra.broker.types import IllegalStateError, KafkaError
from infra.clock import Clock
from infra.logging import get_logger
from orchestrator.runtime.happenings import Positions
from orchestrator.runtime.inputs import KafkaInputs
from orchestrator.runtime.partition import Partition
from orchestrator.runtime.services import NEVER
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.store import SagaLog

TICK_S: Final = 0.25
"""The longest sleep: so a clock that is moved by hand, or jumps, is noticed."""
BARRIER_S: Final = 0.02
DUE_AT_ONCE: Final = 500
RETRY_MS: Final = 1_000
_log = get_logger(__name__)


class _Barrier(NamedTuple):
    """Sagas due at ``at`` may be woken when both inputs have been read up to ``ends``, which were
    last ``asked`` at this time of the monotonic clock."""

    at: int
    epoch: str
    ends: Positions
    asked: float


class Timers:
    """One task for all partitions; ``poke`` it when something earlier may have become due."""

    def __init__(
        self, clock: Clock, log: SagaLog, inputs: KafkaInputs, partitions: Iterable[Partition]
    ) -> None:
        self._clock = clock
        self._log = log
        self._inputs = inputs
        self._partitions = list(partitions)
        self._barriers: dict[Partition, _Barrier] = {}
        self._poked = asyncio.Event()
        self._sleeping_until = NEVER

    def poke(self) -> None:
        """A commit, an input or a claim happened."""
        if self._barriers or min(p.next_wake for p in self._partitions) < self._sleeping_until:
            self._poked.set()

    async def run(self) -> None:
        """Wake sagas, for ever."""
        while True:
            try:
                now = self._clock.now_ms()
                await self._ask(now)
                for partition in list(self._barriers):
                    await self._try(partition)
            except (KafkaError, IllegalStateError, SagaLogError, OSError) as error:
                _log.warning("timers wait", error=str(error))
                await asyncio.sleep(TICK_S)
            await self._sleep()

    async def _ask(self, now: int) -> None:
        """Where do the inputs of every partition with something due end, now that it is due?"""
        due = {
            p.number: p for p in self._partitions if p.ready and p.own.owns and p.next_wake <= now
        }
        news = {n: p for n, p in due.items() if p not in self._barriers}
        if not news:
            return
        for number, ends in (await self._inputs.ends(news)).items():
            partition = news[number]
            asked = self._clock.monotonic()
            self._barriers[partition] = _Barrier(now, partition.own.epoch, ends, asked)

    async def _try(self, partition: Partition) -> None:
        barrier = self._barriers[partition]
        if partition.own.epoch != barrier.epoch or not partition.ready:
            del self._barriers[partition]
            return
        read = await self._inputs.position(partition.number)
        if partition.own.epoch != barrier.epoch:
            return
        if any(have < end for have, end in zip(read, barrier.ends, strict=True)):
            await self._lower(partition, barrier)
            return
        del self._barriers[partition]
        sagas = [saga for saga, _ in self._log.due(partition.number, barrier.at, DUE_AT_ONCE)]
        if not sagas:
            # What was due has moved on meanwhile. Nothing will be committed because of this, so
            # nothing else would ask for the wake-ups that are left (law 12).
            wake = self._log.next_wake(partition.number)
            partition.next_wake = NEVER if wake is None else wake
            return
        # Sagas with decisions under way come again by their commit; the others by the next one.
        woken = partition.wake(sagas, barrier.at)
        partition.next_wake = NEVER if woken else barrier.at + RETRY_MS
        partition.look_again = True

    async def _lower(self, partition: Partition, barrier: _Barrier) -> None:
        """Wait no longer for what the broker has lost since: there is nothing of it to read."""
        now = self._clock.monotonic()
        if now - barrier.asked < TICK_S:
            return
        there = (await self._inputs.ends([partition.number]))[partition.number]
        lower = min(barrier.ends[0], there[0]), min(barrier.ends[1], there[1])
        self._barriers[partition] = barrier._replace(ends=lower, asked=now)

    async def _sleep(self) -> None:
        self._poked.clear()
        if self._barriers:
            delay = BARRIER_S
        else:
            self._sleeping_until = min(p.next_wake for p in self._partitions)
            delay = (self._sleeping_until - self._clock.now_ms()) / 1_000
        with contextlib.suppress(TimeoutError):
            # not wait_for: before Python 3.12 it may swallow a cancellation that meets a poke
            async with asyncio.timeout(min(max(delay, 0.0005), TICK_S)):
                await self._poked.wait()
        self._sleeping_until = NEVER
