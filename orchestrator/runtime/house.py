"""What the partitions of one process share: the file, the way into the log, the way out.

Group commit: whatever partitions have confirmed in one turn of the event loop goes into one SQLite
transaction. When the disk does not take it, nothing is acted on, and it is tried again.
"""

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from infra.broker.settings import BrokerSettings
from infra.clock import Clock
from infra.datastore import open_database
from infra.logging import get_logger
from infra.telemetry.metrics import Metrics
from orchestrator.runtime.adoption import Adopter
from orchestrator.runtime.counting import Counting
from orchestrator.runtime.decisions import Decided
from orchestrator.runtime.effects import Effects
from orchestrator.runtime.follow import Following
from orchestrator.runtime.happenings import Span
from orchestrator.runtime.log_writer import LogWriter
from orchestrator.runtime.outstanding import Outstanding
from orchestrator.runtime.partition import Partition
from orchestrator.runtime.services import Inputs
from orchestrator.runtime.spans import SagaSpans
from orchestrator.runtime.wire import Outgoing, Refused, rendered
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.errors import SagaLogError
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
        self._broker = broker
        self._chance = chance
        self._follower = Follower(log)
        self._waiting: dict[Partition, list[Span]] = {}
        self._scheduled = False

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
        batch = Batch()
        for partition, spans in self._waiting.items():
            partition.fill(batch, spans)
        try:
            self.log.commit(batch)
        except SagaLogError as error:
            self._later(str(error))
            return
        self.disk_trouble = ""
        waiting, self._waiting = self._waiting, {}
        was_full = self.outstanding.full
        for partition, spans in waiting.items():
            partition.committed(spans)
        self.moved(set(batch.states))
        if was_full != self.outstanding.full:
            self.unblocked()

    def _later(self, trouble: str) -> None:
        if not self.disk_trouble:
            _log.error("the saga log cannot be written: nothing is acted on", error=trouble)
        self.disk_trouble = trouble
        self._scheduled = True
        asyncio.get_running_loop().call_later(RETRY_S, self._round)

    def keep_marks(self, partitions: Iterable[Partition]) -> None:
        """Write the sent marks that have moved since anything was committed."""
        batch = Batch()
        for partition in partitions:
            partition.keep_mark(batch)
        if batch:
            with contextlib.suppress(SagaLogError):  # a mark that is lost means sending twice
                self.log.commit(batch)

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
        return rendered(self._broker, decided.state, decided.sealed.transition, attempts)

    def follow(self, partition: int) -> None:
        """We do not own this partition (any more): read it after its owner."""
        self._follower.forget(partition)
        self.following.begin(partition)

    def unfollow(self, partition: int) -> None:
        """We are about to claim this partition."""
        self.following.end(partition)
        self._follower.forget(partition)

    def set_aside(self, partition: int, reason: str) -> None:
        """Keep a copy of the file, then forget the partition: the topic is right (law 14)."""
        stamp = datetime.fromtimestamp(self.clock.now_ms() / 1_000, UTC).strftime("%Y%m%dT%H%M%S")
        kept = self.log.file.with_name(f"{self.log.file.name}.aside-{stamp}-p{partition}")
        if not kept.exists():
            with (
                closing(open_database(self.log.file, readonly=True)) as source,
                closing(sqlite3.connect(kept)) as copy,
            ):
                source.backup(copy)
        self.log.forget(partition)
        self._follower.forget(partition)
        _log.warning(
            "the saga log was set aside: this partition is rebuilt from the topic",
            partition=partition,
            reason=reason,
            kept_as=str(kept),
        )
