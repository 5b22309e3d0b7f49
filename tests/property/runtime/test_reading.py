"""The files of the small world are read into as real ones are: the same adopter, the same rows.

Every pair of a file and a topic that the exploration of law 14 meets is given to the real
``Adopter`` over a real SQLite file; what it finds and leaves must be what the model says.
"""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import Fact, Ignored, Started, Transition
from orchestrator.engine.state import State
from orchestrator.runtime.adoption import Adopter
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.follow import Follower
from orchestrator.sagalog.records import Claim, LogRecord, TransitionRecord, encode_record, seal
from orchestrator.sagalog.store import DISPLACED, SagaLog
from tests.property.runtime import reading
from tests.property.runtime.scopes import CI
from tests.property.runtime.search import Exploration
from tests.property.runtime.small_world import DISPLACED as GONE
from tests.property.runtime.small_world import Entry, File, Row

SAGAS = {"S": 1 << 10, "K": 1 << 10, "U": 1 << 10, "X": 2 << 10}
PAIRS = 400
"""A file costs milliseconds: of more pairs, as many as this are taken, evenly."""


class Record(NamedTuple):
    """A record as a consumer gives it."""

    offset: int
    value: bytes


class Reader:
    """The topic, as ``log_reader.LogReader`` reads it."""

    def __init__(self, log: reading.Log) -> None:
        self._records = [Record(n, encode_record(real(entry))) for n, entry in enumerate(log)]

    async def bounds(self, _: int) -> tuple[int, int]:
        return 0, len(self._records)

    async def one(self, _: int, offset: int) -> Record:
        return self._records[offset]

    async def read(self, _: int, start: int, stop: int) -> AsyncGenerator[list[Record]]:
        for record in self._records[start:stop]:
            yield [record]


def transition(kind: str, by: str) -> Transition:
    """A real one, whose content tells under which epoch it was decided."""
    number = 1 if kind in "SX" else 2
    begins: Fact = Started("saga", "version", 1, kind, {})
    fact = begins if number == 1 else Ignored(kind)
    return Transition(SAGAS[kind], number, int(by.removeprefix("e")), kind, (fact,))


def real(entry: Entry) -> LogRecord:
    """The record as it would stand on the topic."""
    if not entry.kind:
        return Claim(entry.log, entry.epoch, 0, "")
    sealed = seal(transition(entry.kind, entry.by))
    return TransitionRecord(entry.epoch, entry.seq, entry.sent, sealed)


def write(log: SagaLog, file: File) -> None:
    """Make the real file hold what the modelled one does."""
    log.forget(0)
    batch, states = Batch(), dict[int, State]()
    for place, row in enumerate(file.rows):
        told = transition(row.kind, row.by)
        states[told.saga] = evolve(states.get(told.saga), told)
        offset = DISPLACED + place if row.offset == GONE else row.offset
        batch.add(offset, seal(told), states[told.saga])
    if file.facts is not None:
        batch.keep(file.facts)
    if batch:
        log.commit(batch)


def rows(log: SagaLog) -> set[Row]:
    """What the real file holds."""
    held = [*((h.offset, h) for h in log.suffix(0, 0)), *((GONE, h) for h in log.displaced(0))]
    found = set[Row]()
    for offset, one in held:
        told: Any = one.sealed.transition  # type: ignore[union-attr]
        found.add(Row(told.input, f"e{told.at}", offset))
    return found


def pairs() -> list[tuple[File, reading.Log]]:
    """Files and topics that met."""
    exploration = Exploration(CI["refill by another"])
    assert not exploration.run().path
    met = {(owner.file, shared.log) for shared, owner in exploration.met() if shared.log}
    found = sorted(met, key=repr)
    return found[:: max(1, len(found) // PAIRS)]


async def test_files_are_read_into_as_real_ones_are(tmp_path: Path) -> None:
    """The comparison before a claim, and the reading up to it, from where it then begins."""
    outcomes = set[str]()
    with SagaLog.open(tmp_path / "saga.db") as log:
        for file, topic in pairs():
            write(log, file)
            follower = Follower(log)
            adopter = Adopter(Reader(topic), log, follower, lambda _: None, refill=True)  # type: ignore[arg-type]
            assert adopter.mark(0) == file.mark
            compared = await adopter.compare(0, file.mark)
            assert (compared.log, compared.matches) == reading.compare(topic, file.mark)
            again = file.facts is not None and not compared.matches
            found = await adopter.read(0, len(topic), again)
            try:
                after = reading.read(file, topic, len(topic), again)
            except reading.Contradiction:
                assert found.foreign, (file, topic)
                outcomes.add("foreign")
                continue
            assert not found.foreign, (file, topic)
            assert rows(log) == set(after.rows), (file, topic)
            assert found.missing == bool(after.displaced)
            assert adopter.mark(0) == after.mark, (file, topic)
            outcomes.add("missing" if found.missing else "again" if again else "on")
    assert {"missing", "again", "on"} <= outcomes
