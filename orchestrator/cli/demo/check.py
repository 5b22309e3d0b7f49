"""Holds what happened against the compiled table. Both sides are data: nothing is looked up here.

The left side comes from two places that know nothing of each other: the saga log, and what the
services stored of the saga in their own databases.
"""

from collections.abc import Iterable, Mapping

import msgspec

from orchestrator.cli.facts import SagaFacts
from orchestrator.definition.scenario import Case, Scenario
from orchestrator.definition.table import Row, Table

Stored = Iterable[tuple[str, str, str]]
"""What the services stored: (step, direction, outcome)."""


class Verdict(msgspec.Struct, frozen=True):
    """One case: the row it was to show, and every difference (none: it is as the table says)."""

    label: str
    row: Row | None
    differences: tuple[str, ...]


def judge(case: Case, table: Table, facts: SagaFacts, stored: Stored) -> Verdict:
    """Compare one case with the row of the table that it was meant to show."""
    row = intended(case, table)
    if row is None:
        failing = ", ".join(case.fails) or "nothing"
        return Verdict(case.label, None, (f"the table has no row in which {failing} fails",))
    differences = (*_log(row, facts), *_databases(row, list(stored)))
    return Verdict(case.label, row, differences)


def intended(case: Case, table: Table) -> Row | None:
    """The row with exactly the failures that the case names, each answered."""
    wanted = set(case.fails)
    return next((row for row in table.rows if row.definite and set(row.failing) == wanted), None)


def uncovered(scenario: Scenario, tables: Mapping[str, Table]) -> list[str]:
    """The definite rows that a scenario promises to show, and does not."""
    missing: list[str] = []
    for name in scenario.every_row_of:
        shown = [intended(case, tables[name]) for case in scenario.cases if case.saga == name]
        missing += [
            f"no case of {name} shows the row in which {_names(row.failing)} fails"
            for row in tables[name].rows
            if row.definite and row not in shown
        ]
    return missing


def _log(row: Row, facts: SagaFacts) -> Iterable[str]:
    for step, expected in row.outcomes.items():
        found = facts.outcomes.get(step, "")
        if found != expected:
            yield f"{step}: {found or 'not asked'}, the table says {expected or 'not asked'}"
    if facts.ended != row.result:
        yield f"the saga is {facts.ended or 'still running'}, the table says {row.result}"
    elif row.statuses and facts.status not in row.statuses:
        yield f"status {facts.status}, the table says {_names(row.statuses)}"
    expected_undos = {(action.step, action.command) for action in row.actions}
    for step, command in sorted(facts.undone ^ expected_undos):
        missing = (step, command) in expected_undos
        yield f"{command} of {step} was {'not ' if missing else ''}done, unlike the table"


def _databases(row: Row, stored: list[tuple[str, str, str]]) -> Iterable[str]:
    found = set(stored)
    undone = {action.step for action in row.actions}
    for step, outcome in row.outcomes.items():
        expected: set[tuple[str, str, str]] = set()
        if outcome:
            expected.add((step, "do", "succeeded" if outcome == "success" else "refused"))
        if step in undone:
            expected.add((step, "undo", "succeeded"))
        for _, direction, what in sorted({one for one in found if one[0] == step} ^ expected):
            holds = (step, direction, what) in found
            yield f"the database of {step} {'holds' if holds else 'lacks'}: {direction} {what}"


def _names(things: Iterable[object]) -> str:
    return ", ".join(map(str, things)) or "nothing"
