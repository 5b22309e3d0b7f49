"""Looks after a running process: offsets committed at intervals, progress watched, sagas without a
wake-up found (DESIGN laws 2 and 12)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from infra.broker.types import IllegalStateError, KafkaError
from infra.logging import get_logger
from orchestrator.runtime.happenings import NOWHERE, Positions
from orchestrator.runtime.health import Health, PartitionHealth
from orchestrator.runtime.house import House
from orchestrator.runtime.inputs import KafkaInputs
from orchestrator.runtime.partition import Partition
from orchestrator.runtime.vitals import BrokerVitals, TimerVitals, Vitals, file_vitals
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.reader import Reader

COMMIT_S: Final = 0.25
CHECK_S: Final = 1.0
STALLED_S: Final = 10.0
ANSWER_S: Final = 2.0
RECONCILE_S: Final = 10.0
_log = get_logger(__name__)


class Checkup:
    """Periodic work, and the answer to "is it ready?"."""

    def __init__(
        self,
        house: House,
        inputs: KafkaInputs,
        partitions: Sequence[Partition],
        assigned: Callable[[], set[int] | None],
        reader: Reader,
    ) -> None:
        self._reader = reader
        self._wakeless = 0
        self._house = house
        self._inputs = inputs
        self._partitions = partitions
        self._assigned = assigned
        self._ends: dict[int, Positions] = {}
        self._moved: dict[int, tuple[Positions, float]] = {}
        self._broker_trouble = ""

    async def commit_offsets(self) -> None:
        """Commit the offsets of inputs that are decided and safe, at intervals."""
        while True:
            await asyncio.sleep(COMMIT_S)
            await self.commit_now()

    async def commit_now(self) -> None:
        """Commit what may be committed of every partition we own, and keep the sent marks."""
        self._house.keep_marks(self._partitions)
        safe = {p.number: p.own.inputs for p in self._partitions if p.ready}
        if safe:
            await self._inputs.commit(safe)

    async def watch(self) -> None:
        """Ask where the inputs end, and whether we get there; and whether we still own (law 9)."""
        while True:
            try:
                owned = [p.number for p in self._partitions if p.ready]
                if owned:
                    async with asyncio.timeout(ANSWER_S):
                        self._ends = await self._inputs.ends(owned)
                self._broker_trouble = ""
            except (KafkaError, IllegalStateError, OSError, TimeoutError) as error:
                why = str(error) or type(error).__name__
                self._broker_trouble = f"the broker at {self._house.address} does not answer: {why}"
            self._observe()
            for partition in self._partitions:
                partition.look()
            await asyncio.sleep(CHECK_S)

    async def reconcile(self) -> None:
        """Find open sagas that wait for nothing and nobody; say so, and let them go on."""
        while True:
            await asyncio.sleep(RECONCILE_S)
            found = self._reader.wakeless()
            self._wakeless = len(found)
            for partition in self._partitions:
                sagas = [row.id for row in found if row.partition == partition.number]
                if sagas and partition.own.owns and partition.ready:
                    _log.error("open sagas with no wake-up", sagas=sagas[:10], count=len(sagas))
                    partition.reconcile(sagas)

    def health(self) -> Health:
        """How it stands now."""
        assigned = self._assigned()
        partitions = [self._partition(p) for p in self._partitions]
        reasons = [f"partition {p.partition}: {self._why(p)}" for p in partitions if self._why(p)]
        if assigned is None:
            reasons.append("the group has assigned no partitions yet")
        reasons += self._inputs.trouble
        if self._broker_trouble:
            reasons.append(self._broker_trouble)
        if self._house.disk_trouble:
            reasons.append(self._house.disk_trouble)
        notes = [f"partition {p}: {why}" for p, why in self._house.asides.items()]
        notes += [f"{topic}: {why}" for topic, why in self._house.effects.sick().items()]
        return Health(not reasons, reasons, partitions, self._wakeless, notes)

    def vitals(self) -> Vitals:
        """What its components measure now."""
        house, disk_trouble = self._house, self._house.disk_trouble
        now = house.clock.now_ms()
        owned = [p.number for p in self._partitions if p.ready and p.own.owns]
        timers: list[TimerVitals] = []
        try:
            timers = [TimerVitals(number, *self._reader.owed(number, now)) for number in owned]
        except SagaLogError as error:
            disk_trouble = disk_trouble or str(error)
        sick, unsent = house.effects.sick(), house.effects.unacknowledged
        return Vitals(
            self.health(),
            file_vitals(house.log.file, disk_trouble),
            BrokerVitals(house.address, house.embedded, self._broker_trouble, sick, unsent),
            timers,
        )

    def _partition(self, partition: Partition) -> PartitionHealth:
        own = partition.own
        if own.phase == "released" and partition.number not in (self._assigned() or ()):
            facts = self._house.follower.fold(partition.number).facts
            following = self._house.following
            trouble = following.trouble.get(partition.number, "")
            if not trouble and partition.number in following.behind:
                trouble = "the log is being read"
            return PartitionHealth(
                partition.number,
                "follower",
                facts.epoch,
                facts.offset,
                facts.sent,
                NOWHERE,
                NOWHERE,
                trouble,
            )
        return PartitionHealth(
            partition.number,
            "owner" if own.owns and partition.ready else "claiming",
            own.epoch,
            own.expected - 1,
            own.sent,
            partition.positions,
            self._ends.get(partition.number, NOWHERE),
            "" if own.owns and partition.ready else partition.trouble or own.phase,
        )

    def _why(self, partition: PartitionHealth) -> str:
        """What keeps this partition from being ready; empty when nothing does."""
        if partition.role == "claiming":
            return f"assigned but not owned ({partition.trouble})"
        if partition.role == "owner" and partition.lag:
            now = self._house.clock.monotonic()
            _, since = self._moved.get(partition.partition, (NOWHERE, now))
            if now - since > STALLED_S:
                return f"{partition.lag} inputs wait and none was decided for {STALLED_S:.0f} s"
        return partition.trouble

    def _observe(self) -> None:
        now = self._house.clock.monotonic()
        for partition in self._partitions:
            before = self._moved.get(partition.number)
            done = self._ends.get(partition.number, NOWHERE) <= partition.positions
            if not partition.ready or done or before is None or before[0] != partition.positions:
                self._moved[partition.number] = (partition.positions, now)
