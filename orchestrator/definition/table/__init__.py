"""The compensation table: what is done for every outcome, compiled from the definition.

Definite outcomes first (success, one step refused, then two, three), then those with a step whose
outcome stays unknown and which is therefore undone too (DESIGN laws 5 and 6).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from orchestrator.definition.nodes import (
    NO_ANSWER,
    Definition,
    Leaf,
    Node,
    Parallel,
    Step,
    Wait,
    version,
)
from orchestrator.definition.table.outcomes import End, Outcome, Way, is_complete, ways
from orchestrator.definition.table.rows import Action, Column, Result, Row, Table, Taken
from orchestrator.definition.tree import steps_of

__all__ = ["Action", "Column", "Result", "Row", "Table", "Taken", "compensation_table"]


def compensation_table(definition: Definition) -> Table:
    """Compile the table of a definition."""
    steps = list(steps_of(definition.body))
    rows = [_row(definition, steps, way) for way in ways(definition)]
    order = {step.name: index for index, step in enumerate(steps)}
    rows.sort(key=lambda row: _rank(row, order))
    return Table(
        definition.name,
        version(definition),
        tuple(Column(step.name, _kind(step), step.refusals) for step in steps),
        tuple(rows),
        is_complete(definition.body),
        tuple(step.name for step in steps if step.kind in ("pivot", "retriable")),
        definition.time_ms,
        tuple(_taken(definition, steps)),
    )


def _taken(definition: Definition, steps: Iterable[Leaf]) -> Iterator[Taken]:
    for step in steps:
        if isinstance(step, Wait) and step.signal:
            yield Taken(step.signal, step.name, (), step.timeout_ms, step.expires)
    for change in definition.changes or ():
        yield Taken(change.signal, change.redo, tuple(change.fields))


def _kind(leaf: Leaf) -> str:
    if isinstance(leaf, Wait):
        return "wait"
    return "child" if leaf.child else leaf.kind


def _rank(row: Row, order: Mapping[str, int]) -> tuple[object, ...]:
    failing = row.failing
    asked = sum(1 for outcome in row.outcomes.values() if outcome)
    return not row.definite, len(failing), [order[name] for name in failing], -asked


def _row(definition: Definition, steps: list[Leaf], way: Way) -> Row:
    came = dict(way.outcomes)
    outcomes: dict[str, Outcome] = {step.name: came.get(step.name, "") for step in steps}
    turned = way.end == "failed"
    return Row(
        outcomes,
        _RESULTS[way.end],
        tuple(sorted(_statuses(steps, outcomes))) if turned else (),
        tuple(_undos(definition.body, outcomes)) if turned else (),
    )


_RESULTS: Final[dict[End, Result]] = {
    "full": "completed",
    "failed": "failed",
    "stuck": "needs_operator",
}


def _statuses(steps: list[Leaf], outcomes: Mapping[str, Outcome]) -> set[int]:
    found: set[int] = set()
    for step in steps:
        if outcomes[step.name] == "refused":
            found |= set(step.refusals.values())
        elif outcomes[step.name] == "unknown":
            found.add(NO_ANSWER)
    return found


def _undos(nodes: Iterable[Node], outcomes: Mapping[str, Outcome]) -> Iterator[Action]:
    """In reverse order; branches of one parallel together, listed as they are written."""
    for node in reversed(tuple(nodes)):
        if isinstance(node, Parallel):
            for branch in node.branches:
                yield from _undos(branch, outcomes)
        elif isinstance(node, Step) and node.undo and outcomes[node.name] in ("success", "unknown"):
            yield Action(node.name, node.undo.command)
