"""Writing into the file what a partition's log says: for taking over, following others, and
rebuilding.

Every record of the topic goes through here that this process did not append itself.
"""

import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from copy import copy
from typing import NamedTuple

from contracts.topics import partition_of_saga
from orchestrator.engine.evolve import NotAState, evolve
from orchestrator.engine.facts import Transition
from orchestrator.engine.state import State
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.boundaries import FOLLOW
from orchestrator.sagalog.errors import LogGap, UnreadableRecord
from orchestrator.sagalog.fold import LogFold, PartitionFacts, Verdict
from orchestrator.sagalog.records import (
    Claim,
    DefinitionRecord,
    RolloutRecord,
    TransitionRecord,
    decode_record,
)
from orchestrator.sagalog.store import SagaLog

Raw = tuple[int, bytes | None]  # offset and value of a record of the topic


class Applied(NamedTuple):
    """What records did: transitions written, records skipped (offset, why), sagas that moved."""

    transitions: int
    skipped: list[tuple[int, str]]
    sagas: set[int]


class Follower:
    """Reads partitions of ``saga.log`` into one file, holding the states of so many open sagas."""

    def __init__(self, log: SagaLog, *, states: int = 5_000) -> None:
        self._log = log
        self._folds: dict[int, LogFold] = {}
        self._states: OrderedDict[int, State] = OrderedDict()
        self._limit = states

    def fold(self, partition: int) -> LogFold:
        """Where reading the partition stands; at first, after what the file holds."""
        found = self._folds.get(partition)
        if found is None:
            facts = self._log.partition_facts(partition) or PartitionFacts(partition)
            found = self._folds[partition] = LogFold(facts)
        return found

    def restart(self, partition: int) -> LogFold:
        """Read the partition again from the beginning of its topic, which was made anew (law 14).

        What the file holds of it is ``displaced`` until it comes again. The log must be the same
        one.
        """
        self._log.displace(partition, 0)
        fresh = LogFold(PartitionFacts(partition, self.fold(partition).facts.log))
        self._folds[partition] = fresh
        return fresh

    def forget(self, partition: int) -> None:
        """Somebody else (the owner's own path) writes this partition from now on."""
        self._folds.pop(partition, None)
        for saga in [saga for saga in self._states if partition_of_saga(saga) == partition]:
            del self._states[saga]

    def apply(self, partition: int, records: Iterable[Raw]) -> Applied:
        """Write the next records of a partition, in one transaction.

        Raises LogGap, ForeignLog, UnreadableRecord, LogConflict or LogWriteFailed; then the file
        and the position are as before.
        """
        before = self.fold(partition)
        fold = copy(before)
        batch = Batch()
        skipped: list[tuple[int, str]] = []
        for offset, raw in records:
            verdict = self._take(fold, batch, offset, raw)
            if not verdict.accepted:
                skipped.append((offset, verdict.why))
        if fold.facts is not before.facts:
            batch.keep(fold.facts)
            self._log.commit(batch, FOLLOW)
        self._folds[partition] = fold
        self._remember(batch.states)
        return Applied(len(batch), skipped, set(batch.states))

    def _take(self, fold: LogFold, batch: Batch, offset: int, raw: bytes | None) -> Verdict:
        try:
            record = decode_record(raw)
        except UnreadableRecord as error:
            return fold.unreadable(offset, error)
        verdict = fold.accept(offset, record)
        if verdict.accepted and isinstance(record, DefinitionRecord):
            batch.define(fold.facts.partition, offset, record.version, record.definition)
        elif verdict.accepted and isinstance(record, RolloutRecord):
            batch.roll_out(fold.facts.partition, offset, record.number, record.rollout)
        elif verdict.accepted and isinstance(record, TransitionRecord):
            batch.add(offset, record.sealed, self._after(batch, record.transition))
        return verdict

    def _after(self, batch: Batch, transition: Transition) -> State:
        """The state after a transition; the one that is known when it comes again."""
        if transition.number == 1:
            return evolve(None, transition)
        saga = transition.saga
        known = batch.states.get(saga) or self._states.get(saga) or self._log.state(saga)
        if known is not None and transition.number <= known.number:
            return known
        try:
            return evolve(known, transition)
        except NotAState as error:
            raise LogGap(f"transitions are missing: {error}") from error

    def _remember(self, states: dict[int, State]) -> None:
        for saga, state in states.items():
            self._states.pop(saga, None)
            if state.open:
                self._states[saga] = state
        while len(self._states) > self._limit:
            self._states.popitem(last=False)


def without_strays(records: Iterable[Raw], log: str) -> Iterator[Raw]:
    """The records without the claims of any other log than ``log``, which the first record names.

    Two assignees may both find a topic empty: the second claim names a log that never was, and is
    skipped like any record that cannot be read.
    """
    for offset, raw in records:
        with contextlib.suppress(UnreadableRecord):
            record = decode_record(raw)
            if isinstance(record, Claim) and record.log != log:
                yield offset, None
                continue
        yield offset, raw
