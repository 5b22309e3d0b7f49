"""What a check found, as facts for people and programs."""

import msgspec

from orchestrator.verify.explore import Explored
from orchestrator.verify.timeline import again, as_text, written


class BrokenLaw(msgspec.Struct, frozen=True):
    """A property that does not hold: ``timeline`` tells it, ``path`` plays it again."""

    law: str
    why: str
    path: str
    timeline: str


class CheckResult(msgspec.Struct, frozen=True):
    """The result for one definition.

    ``depth`` and ``budget`` are the bound: adversities on one path, and situations in all.
    ``rows`` is the size of the compensation table, ``reached`` how many of its rows were seen.
    """

    definition: str
    version: str
    holds: bool
    exhausted: bool
    depth: int
    budget: int
    states: int
    moves: int
    rows: int
    reached: int
    complete_table: bool
    violation: BrokenLaw | None


def result(explored: Explored) -> CheckResult:
    """The facts of an exploration; a violation is played once more to tell it."""
    table, found = explored.subject.table, explored.violation
    broken = None
    if found is not None:
        path = written(found.path)
        told = again(explored.subject.definition, path)
        broken = BrokenLaw(found.law, found.why, path, as_text(told))
    return CheckResult(
        definition=table.definition,
        version=table.version,
        holds=explored.holds,
        exhausted=explored.exhausted,
        depth=explored.bound.depth,
        budget=explored.bound.states,
        states=explored.states,
        moves=explored.moves,
        rows=len(table.rows),
        reached=len(explored.rows),
        complete_table=table.complete,
        violation=broken,
    )


def agreement(found: CheckResult) -> str:
    """How table and exploration stand to each other, in a line."""
    size = f"table: {found.rows:,} rows, {found.reached:,} of them reached"
    if not found.complete_table:
        return f"{size}; it does not list every row, so ends without one were not compared"
    if not found.exhausted:
        return f"{size} so far; every end that was reached is a row"
    return f"{size}; every reachable end is a row: saga table {found.definition} --all"
