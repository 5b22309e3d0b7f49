"""How the small world's processes read its topic: by the real reading rule, into modelled files.

``compare``, ``read`` and ``claimed`` are ``adoption.Adopter`` over the real ``LogFold``;
``test_reading`` holds them against the real adopter and a real file.
"""

from functools import cache
from typing import Final, NamedTuple

import msgspec

from orchestrator.engine.facts import Transition
from orchestrator.runtime import happenings as h
from orchestrator.sagalog.errors import ForeignLog, UnreadableRecord
from orchestrator.sagalog.fold import LogFold, PartitionFacts
from orchestrator.sagalog.records import Claim, LogRecord, TransitionRecord, seal
from tests.property.runtime.small_world import DISPLACED, Entry, File, Row

Log = tuple[Entry, ...]
_ANY: Final = seal(Transition(0, 1, 0, "", ()))  # the rule does not look into transitions
_NOTHING: Final = PartitionFacts(0)


class Contradiction(Exception):
    """File and topic tell different stories (``adoption.CONTRADICTIONS``)."""


class Valid(NamedTuple):
    """One transition that counts."""

    row: Row
    sent: int


@cache
def record(entry: Entry) -> LogRecord:
    """The real record."""
    if not entry.kind:
        return Claim(entry.log, entry.epoch, 0, "")
    return TransitionRecord(entry.epoch, entry.seq, entry.sent, _ANY)


def name(log: Log) -> str:
    """The id of the log: its first record names it."""
    return log[0].log if log else ""


def accepted(fold: LogFold, offset: int, entry: Entry, log: Log) -> bool:
    """Whether the record counts; raises Contradiction. As ``Adopter.take``."""
    try:
        return fold.accept(offset, record(entry)).accepted
    except ForeignLog as error:
        if fold.facts.log not in ("", name(log)):
            raise Contradiction from error
        # Without strays: a claim for another log than the first record names never was.
        return fold.unreadable(offset, UnreadableRecord("")).accepted


def valid(log: Log) -> tuple[Valid, ...]:
    """The transitions that count, as every reader sees them."""
    found, fold = list[Valid](), LogFold(_NOTHING)
    for offset, entry in enumerate(log):
        if accepted(fold, offset, entry, log) and entry.kind:
            found.append(Valid(Row(entry.kind, entry.by, offset), entry.sent))
    return tuple(found)


def compare(log: Log, mark: h.Mark | None) -> tuple[str, bool]:
    """The topic's id, and whether it holds the very record that the file ends with."""
    if not log:
        return "", False
    if mark is not None and 0 <= mark.offset < len(log):
        found = log[mark.offset]
        same = found.epoch == mark.epoch and (
            found.seq + 1 == mark.seq if found.kind else not mark.seq and found.log == mark.log
        )
        if same:
            return mark.log, True
    return name(log), False


def read(file: File, log: Log, stop: int, again: bool) -> File:
    """The file after reading on, up to ``stop``; raises Contradiction.

    ``again``: from the beginning; what the file holds is displaced until it comes again (law 14).
    """
    rows, facts = file.rows, file.facts or _NOTHING
    if again:
        rows = tuple(row._replace(offset=DISPLACED) for row in rows)
        facts = PartitionFacts(0, facts.log)
    fold = LogFold(facts)
    for offset in range(fold.next_offset or 0, stop):
        entry = log[offset]
        if accepted(fold, offset, entry, log) and entry.kind:
            rows = put(rows, Row(entry.kind, entry.by, offset))
    return File(rows, fold.facts if fold.facts.epoch else file.facts)


def put(rows: tuple[Row, ...], row: Row) -> tuple[Row, ...]:
    """Write a transition: the same again moves to its new offset; raises Contradiction when the
    file holds something else in its place. As ``store.SagaLog.commit``.
    """
    place = _place(row.kind)
    if place[1] == 2 and not any(_place(one.kind) == (place[0], 1) for one in rows):
        raise Contradiction("transitions are missing")
    for at, known in enumerate(rows):
        if _place(known.kind) == place:
            if (known.kind, known.by) != (row.kind, row.by):
                raise Contradiction
            return (*rows[:at], row, *rows[at + 1 :])
    return (*rows, row)


def sent_up_to(file: File, mark: int) -> File:
    """The file with another sent mark."""
    assert file.facts is not None
    return file._replace(facts=msgspec.structs.replace(file.facts, sent=mark))


def claimed(log: Log, start: int, stop: int) -> bool:
    """Whether a claim stands there."""
    return any(not entry.kind for entry in log[start:stop])


def _place(kind: str) -> tuple[str, int]:
    """Saga, and number within it."""
    return ("X", 1) if kind == "X" else ("S", 1 if kind == "S" else 2)
