"""What the partitions of one process share: the file, the way into the log, the way out.

Group commit: whatever partitions have confirmed in one turn of the event loop goes into one SQLite
transaction. When the disk does not take it, nothing is acted on, and it is tried again. When the
file holds something else instead, the topic is right: the partition is read from there (law 14).
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from contracts.topics import partition_of_saga
from infra.broker.settings import BrokerSettings
from infra.clock import Clock
from infra.logging import get_logger
from infra.telemetry.metrics import Metrics
from orchestrator.runtime.adoption import Adopter
from orchestrator.runtime.counting import Counting
from orchestrator.runtime.decisions import Decided
from orchestrator.runtime.effects import Effects
from orchestrator.runtime.follow import Following
from orchestrator.runtime.happenings import Span
from orchestrator.runtime.horizon import Horizon
from orchestrator.runtime.log_writer import LogWriter
from orchestrator.runtime.messages import Outgoing, Refused
from orchestrator.runtime.outstanding import Outstanding
from orchestrator.runtime.partition import Partition
from orchestrator.runtime.services import Inputs
from orchestrator.runtime.spans import SagaSpans
from orchestrator.runtime.wire import Post, rendered
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.boundaries import MARK
from orchestrator.sagalog.errors import LogConflict, LogReadFailed, LogWriteFailed, SagaLogError
from orchestrator.sagalog.follow import Follower
from orchestrator.sagalog.store import SagaLog

RETRY_S: Final = 0.5
PAUSE_S: Final = (0.05, 0.5)
_log = get_logger(__name__)


class House:  # pylint: disable=too-many-instance-attributes  # it is what everybody shares
    """See ``partition.Services``. ``moved`` is told of every saga that changed in SQLite."""

    def __init__(  # pylint: disable=too-many-arguments
        self,
        broker: BrokerSettings,
        clock: Clock,
        log: SagaLog,
        *,
        partitions: int,
        writer: LogWriter,
        effects: Effects,
        inputs: Inputs,
        owner: str,
        metrics: Metrics,
        chance: random.Random,
    ) -> None:
        self.clock = clock
        self.counting = Counting(metrics)
        self.outstanding = Outstanding()
        self.refused: Callable[[Sequence[Refused]], None] = lambda _: None
        self.unblocked: Callable[[], None] = lambda: None
        self.log = log
        self.writer = writer
        self.effects = effects
        self.inputs = inputs
        self.owner = owner
        self.adopter: Adopter
        self.following: Following
        self.spans: SagaSpans | None = None
        self.moved: Callable[[set[int]], None] = lambda _: None
        self.disk_trouble = ""
        self.asides: dict[int, str] = {}  # what was set aside, by partition: why, and where it is
        self._post = Post(broker, partitions)
        self._chance = chance
        self._follower = Follower(log)
        self._horizon = Horizon(log, clock)
        self._waiting: dict[Partition, list[Span]] = {}
        self._scheduled = False

    @property
    def address(self) -> str:
        """Where the broker is, for messages to people."""
        return self._post.broker.address

    @property
    def embedded(self) -> bool:
        """Whether that is an embedded one."""
        return self._post.broker.embedded

    @property
    def follower(self) -> Follower:
        """What writes records of others into the file."""
        return self._follower

    def commit(self, partition: Partition, spans: Sequence[Span]) -> None:
        """Write these spans in this round's transaction."""
        self._waiting.setdefault(partition, []).extend(spans)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._round)

    def _round(self) -> None:
        self._scheduled = False
        partitions = list(self._waiting)
        try:
            try:
                self._write(partitions)
            except LogConflict:
                self._write_apart(partitions)
        except (LogWriteFailed, LogReadFailed) as error:
            self._later(str(error))
            return
        self.disk_trouble = ""

    def _write(self, partitions: Sequence[Partition]) -> None:
        """One transaction for these partitions, and what follows from it; raises SagaLogError."""
        batch = Batch()
        for partition in partitions:
            partition.runs.fill(batch, self._waiting[partition])
        began = self.clock.monotonic()
        self.log.commit(batch)
        self.counting.written(self.clock.monotonic() - began)
        was_full = self.outstanding.full
        for partition in partitions:
            partition.committed(self._waiting.pop(partition))
        self.moved(set(batch.states))
        if was_full != self.outstanding.full:
            self.unblocked()

    def _write_apart(self, partitions: Sequence[Partition]) -> None:
        """Each alone, so that one stops no other; those that contradict the file come last, for
        there may be no room to set them aside."""
        against: dict[Partition, str] = {}
        for partition in partitions:
            try:
                self._write([partition])
            except LogConflict as error:
                against[partition] = str(error)
        for partition, reason in against.items():
            self.set_aside(partition.number, reason)
            del self._waiting[partition]
            partition.contradicted(reason)

    def _later(self, trouble: str) -> None:
        if not self.disk_trouble:
            _log.error("the saga log cannot be written: nothing is acted on", error=trouble)
        self.disk_trouble = trouble
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(RETRY_S, self._round)

    def keep_marks(self, partitions: Iterable[Partition]) -> None:
        """Write the sent marks that have moved since anything was committed."""
        batch = Batch()
        for partition in partitions:
            partition.keep_mark(batch)
        if batch:
            with contextlib.suppress(SagaLogError):  # a mark that is lost means sending twice
                self.log.commit(batch, MARK)

    def follower_moved(self, sagas: set[int]) -> None:
        """Somebody else's records moved these sagas."""
        self.moved(sagas)

    def fresh_id(self) -> str:
        """A random id, for an epoch or a log."""
        return f"{self._chance.getrandbits(96):024x}"

    def pause_s(self) -> float:
        """How long a replaced owner waits before it claims again."""
        return self._chance.uniform(*PAUSE_S)

    def render(self, decided: Decided, attempts: bool) -> list[Outgoing]:
        """What a transition sends."""
        transition = decided.sealed.transition
        oldest = self._horizon.of(partition_of_saga(transition.saga))
        return rendered(self._post, decided.state, transition, attempts, oldest)

    def follow(self, partition: int) -> None:
        """We do not own this partition (any more): read it after its owner."""
        self._follower.forget(partition)
        self.following.begin(partition)

    def unfollow(self, partition: int) -> None:
        """We are about to claim this partition."""
        self.following.end(partition)
        self._follower.forget(partition)

    def set_aside(self, partition: int, reason: str) -> None:
        """The file contradicts the topic, which is right (law 14): keep what it holds of the
        partition, and forget it. Raises LogWriteFailed, and then nothing has changed.
        """
        kept = self.log.set_aside(partition, self.clock.now_ms(), reason)
        self._follower.forget(partition)
        self.asides[partition] = f"set aside as {kept.name}, and read from the topic: {reason}"
