"""What was decided in one go for one partition: records for the log, and answers that are none."""

from typing import Final, NamedTuple

import msgspec

from infra.broker.batches import records_size
from infra.broker.types import Record
from orchestrator.definition.nodes import canonical
from orchestrator.engine.facts import Transition
from orchestrator.engine.plan import Plan
from orchestrator.engine.rollouts import Rollout
from orchestrator.engine.state import State
from orchestrator.runtime.messages import Outgoing, Refused
from orchestrator.sagalog.records import (
    DefinitionRecord,
    LogRecord,
    RolloutRecord,
    Sealed,
    TransitionRecord,
    encode_record,
    seal,
)
from orchestrator.sagalog.rows import Held, HeldDefinition, HeldRollout, HeldTransition

FULL_BYTES: Final = 200_000
"""A run of decisions is appended when it has reached this size."""
MAX_DECISION_BYTES: Final = 600_000
"""One decision, encoded: together with a full run it fits into a batch (law 8)."""

NO_LIMIT: Final = 1 << 62


class TooLarge(ValueError):
    """A decision is larger than the log takes."""


class Decided(NamedTuple):
    """A transition and the state after it."""

    sealed: Sealed
    state: State


class Defined(NamedTuple):
    """A definition that stands in the log before the first saga of its version."""

    version: str
    raw: bytes


class RolledOut(NamedTuple):
    """A rule for new sagas, the ``number``-th of the partition."""

    number: int
    rollout: Rollout


Entry = Decided | Defined | RolledOut


class Decisions:
    """A run of decisions under one epoch, numbered from ``seq``; ``sent`` rides in them (law 3)."""

    __slots__ = (
        "answers",
        "decided",
        "entries",
        "epoch",
        "records",
        "refusals",
        "sent",
        "seq",
        "size",
    )

    def __init__(self, epoch: str, seq: int, sent: int) -> None:
        self.epoch = epoch
        self.seq = seq
        self.sent = sent
        self.entries: list[Entry] = []
        self.decided = list[Decided]()  # the transitions among them
        self.records: list[Record] = []
        self.answers: list[Outgoing] = []
        self.refusals: list[Refused] = []
        self.size = 0

    def add(self, transition: Transition, state: State) -> None:
        """Take a transition; raises TooLarge, and then nothing was taken."""
        sealed = seal(transition)
        number = self.seq + len(self.records)
        record = TransitionRecord(self.epoch, number, self.sent, sealed)
        self._append(str(transition.saga).encode(), record, MAX_DECISION_BYTES)
        self._decided(Decided(sealed, state))

    def define(self, plan: Plan) -> None:
        """Take a definition that the partition's log does not hold yet; raises TooLarge."""
        number = self.seq + len(self.records)
        record = DefinitionRecord.of(self.epoch, number, plan.version, plan.definition)
        self._append(None, record, MAX_DECISION_BYTES)
        self.entries.append(Defined(plan.version, canonical(plan.definition)))

    def roll_out(self, number: int, rollout: Rollout) -> None:
        """Take a rollout, the ``number``-th of the partition; raises TooLarge."""
        self._roll_out(number, rollout, MAX_DECISION_BYTES)

    def again(self, held: Held, state: State | None) -> None:
        """Take what the topic has lost, renumbered (DESIGN law 14); ``state`` is its saga's."""
        number = self.seq + len(self.records)
        if isinstance(held, HeldTransition) and state is not None:
            key = str(state.saga).encode()
            self._append(
                key, TransitionRecord(self.epoch, number, self.sent, held.sealed), NO_LIMIT
            )
            self._decided(Decided(held.sealed, state))
        elif isinstance(held, HeldDefinition):
            raw = msgspec.Raw(held.definition)
            self._append(None, DefinitionRecord(self.epoch, number, held.version, raw), NO_LIMIT)
            self.entries.append(Defined(held.version, held.definition))
        elif isinstance(held, HeldRollout):
            self._roll_out(held.number, held.rollout, NO_LIMIT)

    @property
    def full(self) -> bool:
        """Whether it is time to append."""
        return self.size >= FULL_BYTES

    @property
    def empty(self) -> bool:
        """Whether nothing is to be logged or answered."""
        return not self.records and not self.answers

    def _decided(self, decided: Decided) -> None:
        self.entries.append(decided)
        self.decided.append(decided)

    def _roll_out(self, number: int, rollout: Rollout, limit: int) -> None:
        record = RolloutRecord(self.epoch, self.seq + len(self.records), number, rollout)
        self._append(None, record, limit)
        self.entries.append(RolledOut(number, rollout))

    def _append(self, key: bytes | None, record: LogRecord, limit: int) -> None:
        encoded = Record(key, encode_record(record))
        size = records_size((encoded,))
        if size > limit:
            raise TooLarge(f"the decision takes {size} bytes, the log takes {limit}")
        self.records.append(encoded)
        self.size += size
