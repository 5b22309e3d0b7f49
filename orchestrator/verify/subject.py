"""What is checked: a definition, ready for the engine, and what its messages carry."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from orchestrator.definition.compiling.children import ANYWAY
from orchestrator.definition.nodes import (
    Call,
    Change,
    Definition,
    Emit,
    Node,
    Parallel,
    Retry,
    Step,
    Wait,
    version,
)
from orchestrator.definition.table import Row, Table, compensation_table
from orchestrator.definition.tree import steps_of
from orchestrator.engine.plan import Plan

ATTEMPTS: Final = 3
"""Policies with more attempts are checked as if they had these: a first, one between, a last."""
PLAIN: Final = 1
"""What every field carries."""
CHANGED: Final = 2
"""What a signal that changes the input carries."""

Outcomes = tuple[str, ...]


class Subject:
    """One definition under check.

    Values are of no interest to the engine, so that every field carries 1, and 2 where a signal has
    changed it. ``rows`` are those of the table by the outcomes of the steps in the order of the
    plan. A definition with a result is checked as the child of another saga: ``parent``.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.plan = Plan(replace(definition, body=tuple(map(_shortened, definition.body))))
        self.plan.version = version(definition)  # what people know it by
        self.steps = tuple(self.plan.steps.values())
        self.names = tuple(self.plan.steps)
        self.parent = definition.result is not UNSET
        leaves = tuple(steps_of(definition.body))
        self.waits = {leaf.name: leaf for leaf in leaves if isinstance(leaf, Wait)}
        self.children = {
            leaf.name: leaf for leaf in leaves if isinstance(leaf, Step) and leaf.child
        }
        self.deciding = tuple(n for n, leaf in self.children.items() if leaf.kind == "pivot")
        self.asking = {wait.signal: name for name, wait in self.waits.items() if wait.signal}
        self.changes = {change.signal: change for change in definition.changes or ()}
        self.needs = dict(_needs(definition.body, ()))
        self.input: dict[str, Any] = dict.fromkeys(sorted(_input_fields(definition)), PLAIN)
        self.table: Table = compensation_table(definition)
        self.rows: dict[Outcomes, Row] = {
            tuple(row.outcomes[name] for name in self.names): row for row in self.table.rows
        }

    @cached_property
    def ordinary(self) -> bool:
        """Whether nothing is waited for, no child runs, and no signal changes anything."""
        return not (self.waits or self.children or self.changes)

    @cached_property
    def codes(self) -> dict[str, set[int]]:
        """Every code with which a saga of this definition may fail, and its statuses."""
        found: dict[str, set[int]] = {code: {status} for code, status in ANYWAY.items()}
        for leaf in steps_of(self.definition.body):
            for code, status in leaf.refusals.items():
                found.setdefault(code, set()).add(status)
        return found

    def reply(self, name: str, direction: str) -> dict[str, Any]:
        """What the participant of this step answers when it succeeds, or its child."""
        planned = self.plan.steps[name]
        call = planned.undo if direction == "undo" else planned.do
        return dict.fromkeys(call.reply, PLAIN) if call else {}

    def says(self, name: str, *, yes: bool = True) -> dict[str, Any]:
        """What the signal carries that this wait is for."""
        wait = self.waits[name]
        said: dict[str, Any] = dict.fromkeys(wait.required, PLAIN)
        return {**said, wait.accepts: yes} if wait.accepts else said

    def carries(self, change: Change) -> dict[str, Any]:
        """What a signal carries that changes the input."""
        return dict.fromkeys((*change.required, *change.fields.values()), CHANGED)


def _shortened(node: Node) -> Node:
    if isinstance(node, Parallel):
        return Parallel(tuple(tuple(map(_shortened, branch)) for branch in node.branches))
    if isinstance(node, Wait):
        return node
    return replace(node, retry=_fewer(node.retry), undo_retry=_fewer(node.undo_retry))


def _fewer(retry: Retry) -> Retry:
    return replace(retry, attempts=min(retry.attempts, ATTEMPTS))


def _needs(nodes: Iterable[Node], before: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every step with what must be done before it begins."""
    for node in nodes:
        if not isinstance(node, Parallel):
            yield node.name, before
            before = (node.name,)
            continue
        for branch in node.branches:
            yield from _needs(branch, before)
        before = tuple(_ends(node))


def _ends(node: Node) -> list[str]:
    """The steps with which a node ends."""
    if isinstance(node, Parallel):
        return [name for branch in node.branches for name in _ends(branch[-1])]
    return [node.name]


def _input_fields(definition: Definition) -> Iterator[str]:
    """The fields of the input that some message is filled from, or that a signal changes."""
    for source in _sources(definition):
        section, _, field = source.partition(".")
        if section == "input":
            yield field
    for change in definition.changes or ():
        yield from change.fields


def _sources(definition: Definition) -> Iterator[str]:
    for call in _calls(definition.body):
        yield from call.fields.values()
    yield from (definition.result or {}).values()
    emits: Iterable[Emit] = (*definition.started, *definition.completed, *definition.failed)
    told = (emit for change in definition.changes or () for emit in change.told)
    for emit in (*emits, *told):
        yield emit.key
        yield from emit.fields.values()


def _calls(nodes: Iterable[Node]) -> Iterator[Call]:
    for leaf in steps_of(nodes):
        if isinstance(leaf, Step):
            yield leaf.do
            if leaf.undo:
                yield leaf.undo
