"""What must hold in every small world, and where each must be able to get (DESIGN laws 2, 3, 9,
14).

Each truth is about what all share and one process, so it is checked once for each such pair; only
what a lost log leaves needs all files at once.
"""

from functools import lru_cache

from tests.property.runtime import reading
from tests.property.runtime.small_world import (
    ANSWERS,
    File,
    Owner,
    Scope,
    Shared,
    settled,
)

_AFTER = {"S": "", "X": "", "K": "S", "U": "S"}


@lru_cache(200_000)
def valid(log: reading.Log) -> tuple[reading.Valid, ...]:
    """The transitions that count."""
    return reading.valid(log)


def kinds(log: reading.Log) -> list[str]:
    """Their letters."""
    return [one.row.kind for one in valid(log)]


def wrong_log(shared: Shared) -> str:
    """What is wrong with the topic itself; empty when nothing is."""
    known = list[str]()
    for kind in kinds(shared.log):
        if kind in known:
            return "an input was decided twice"
        before = _AFTER[kind]
        if (before and before not in known) or (kind in "KU" and ({"K", "U"} & set(known))):
            return "the log is illegal"
        known.append(kind)
    if "D" in shared.acted and not shared.losses:
        return "a reply whose saga is in the log became a dead letter"
    if {"K", "U"} <= set(shared.acted):
        return "completed and undone"
    return ""


def wrong(scope: Scope, shared: Shared, owner: Owner) -> str:
    """What is wrong with these two; empty when nothing is."""
    found = wrong_log(shared)
    if found:
        return found
    if scope.lossy:
        return _wrong_owner_after_loss(shared, owner)
    known = set(kinds(shared.log))
    if not set(shared.acted) - set(ANSWERS) <= known:
        return "acted on what is not in the valid log"
    lost = _unsettled(scope, shared.committed, known, shared.delivered)
    if lost:
        return f"input {lost} is lost: its offset is committed, and the log does not hold it"
    return _wrong_file(shared, owner.file) or _wrong_mark(shared, owner)


def wrong_together(scope: Scope, shared: Shared, files: list[File]) -> str:
    """After a loss: what was acted on, and what nobody reads again, is in the log, in a file, or in
    one that was set aside, which is said.
    """
    known = {*kinds(shared.log), *(row.kind for row in shared.aside)}
    known.update(row.kind for file in files for row in file.rows)
    if not set(shared.acted) - set(ANSWERS) <= known:
        return "acted on what is nowhere any more"
    if "D" in shared.acted:  # its saga was lost to whoever decided: it can be sent again
        known.add("K")
    lost = _unsettled(scope, shared.committed, known, shared.delivered)
    return f"input {lost} is lost: its offset is committed, and nobody holds it" if lost else ""


def _unsettled(scope: Scope, offset: int, known: set[str], delivered: str) -> str:
    return "".join(given for given in scope.inputs[:offset] if not settled(given, known, delivered))


def _wrong_file(shared: Shared, file: File) -> str:
    if file.facts is None:
        return "" if not file.rows else "rows of no log"
    if not reading.compare(shared.log, file.mark)[1]:
        return "the file's last record is not where it says"
    prefix = tuple(v.row for v in valid(shared.log) if v.row.offset <= file.facts.offset)
    return "" if file.rows == prefix else "the file is no prefix of the valid log"


def _wrong_mark(shared: Shared, owner: Owner) -> str:
    """A sent mark says what has arrived, wherever it stands."""
    known = valid(shared.log)
    marks = [one.sent for one in known]
    if owner.own.epoch:
        marks.append(owner.own.sent)
    if owner.file.facts is not None:
        marks.append(owner.file.facts.sent)
    highest = max(marks, default=-1)
    if any(v.row.kind not in shared.delivered for v in known if v.row.offset <= highest):
        return "the sent mark covers what has not arrived"
    return ""


def _wrong_owner_after_loss(shared: Shared, owner: Owner) -> str:
    """Whoever owns has the rows of the log, all and only those, where both were made one again."""
    own, facts = owner.own, owner.file.facts
    if not own.owns or facts is None or not reading.compare(shared.log, owner.file.mark)[1]:
        return ""  # the loss is not noticed yet
    prefix = [v.row for v in valid(shared.log) if v.row.offset <= facts.offset]
    rows = sorted(owner.file.rows, key=lambda row: row.offset)
    return "" if rows == prefix else "the file and the log are not one"


def quiet(owner: Owner) -> bool:
    """Whether a process has nothing to do any more."""
    own = owner.own
    if owner.told != owner.seated or own.confirmed or owner.lane or owner.answers:
        return False
    return owner.seated or own.phase == "released"


def arrived(scope: Scope, shared: Shared, owner: Owner) -> bool:
    """Whether this process owns the partition, and every input is decided and sent.

    The group's offset may lie behind: whoever was replaced may set it back, and then inputs are
    read once more, which is harmless (law 4).
    """
    own = owner.own
    if not owner.seated or not own.owns or owner.todo or own.acting or own.appended:
        return False
    if owner.position != len(scope.inputs):
        return False
    known = kinds(shared.log)
    if not shared.losses and any(
        not settled(given, set(known), shared.delivered) for given in scope.inputs
    ):
        return False
    rows = sorted(owner.file.rows, key=lambda row: row.offset)
    return set(known) <= set(shared.delivered) and [row.kind for row in rows] == known
