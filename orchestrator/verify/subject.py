"""What is checked: a definition, ready for the engine, and what its messages carry."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec.structs import replace

from orchestrator.definition.nodes import (
    Call,
    Definition,
    Emit,
    Node,
    Parallel,
    Retry,
    Step,
    version,
)
from orchestrator.definition.table import Row, Table, compensation_table
from orchestrator.engine.plan import Plan

ATTEMPTS: Final = 3
"""Policies with more attempts are checked as if they had these: a first, one between, a last."""

Outcomes = tuple[str, ...]


class Subject:
    """One definition under check.

    Values are of no interest to the engine, so that every field carries 1. ``rows`` are those of
    the table by the outcomes of the steps in the order of the plan.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.plan = Plan(replace(definition, body=tuple(map(_shortened, definition.body))))
        self.plan.version = version(definition)  # what people know it by
        self.steps = tuple(self.plan.steps.values())
        self.names = tuple(self.plan.steps)
        self.input: dict[str, Any] = dict.fromkeys(sorted(_input_fields(definition)), 1)
        self.table: Table = compensation_table(definition)
        self.rows: dict[Outcomes, Row] = {
            tuple(row.outcomes[name] for name in self.names): row for row in self.table.rows
        }

    def reply(self, name: str, direction: str) -> dict[str, Any]:
        """What the participant of this step answers when it succeeds."""
        planned = self.plan.steps[name]
        call = planned.undo if direction == "undo" else planned.do
        return dict.fromkeys(call.reply, 1) if call else {}


def _shortened(node: Node) -> Node:
    if isinstance(node, Parallel):
        return Parallel(tuple(tuple(map(_shortened, branch)) for branch in node.branches))
    return replace(node, retry=_fewer(node.retry), undo_retry=_fewer(node.undo_retry))


def _fewer(retry: Retry) -> Retry:
    return replace(retry, attempts=min(retry.attempts, ATTEMPTS))


def _input_fields(definition: Definition) -> Iterator[str]:
    """The fields of the input that some message is filled from."""
    for source in _sources(definition):
        section, _, field = source.partition(".")
        if section == "input":
            yield field


def _sources(definition: Definition) -> Iterator[str]:
    for call in _calls(definition.body):
        yield from call.fields.values()
    emits: Iterable[Emit] = (*definition.started, *definition.completed, *definition.failed)
    for emit in emits:
        yield emit.key
        yield from emit.fields.values()


def _calls(nodes: Iterable[Node]) -> Iterator[Call]:
    for node in nodes:
        if isinstance(node, Step):
            yield node.do
            if node.undo:
                yield node.undo
        else:
            for branch in node.branches:
                yield from _calls(branch)
