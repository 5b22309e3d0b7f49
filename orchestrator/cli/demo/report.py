"""The facts of a demo: what `--json` prints and the terminal shows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from contracts.topics import DEFAULT_TENANT
from orchestrator.bootstrap.services import Books, Service, effects
from orchestrator.cli.demo.check import Verdict, judge, uncovered
from orchestrator.cli.demo.play import Played
from orchestrator.definition.scenario import Scenario
from orchestrator.definition.table import Table
from orchestrator.engine.facts import Transition


class CaseReport(msgspec.Struct, frozen=True):
    """One case: what happened, from the log, and every difference from the table."""

    label: str
    definition: str
    saga: int
    ended: str
    code: str
    reason: str
    status: int
    outcomes: dict[str, str]
    undone: list[tuple[str, str]]
    took_ms: int
    differences: tuple[str, ...]


class CheckReport(msgspec.Struct, frozen=True):
    """One thing that must add up in the books of a service."""

    what: str
    expected: int
    found: int
    holds: bool


class BooksReport(msgspec.Struct, frozen=True):
    """What is left in the database of a service."""

    service: str
    heading: str
    titles: list[str]
    rows: list[list[str]]
    checks: list[CheckReport]


class Timeline(msgspec.Struct, frozen=True):
    """The history of one saga that failed."""

    label: str
    saga: int
    transitions: list[Transition]


class Report(msgspec.Struct, frozen=True):
    """The whole demo; ``ok`` when every row is as its table says and all books balance."""

    application: str
    broker: str
    embedded: bool
    ok: bool
    balanced: bool
    took_ms: int
    cases: list[CaseReport]
    uncovered: list[str]
    books: list[BooksReport]
    timeline: Timeline | None


class Place(NamedTuple):
    """Where it was played: the application, the broker, and whether that is the embedded one."""

    application: str
    broker: str
    embedded: bool


def report(
    place: Place,
    scenario: Scenario,
    tables: Mapping[str, Table],
    played: Sequence[Played],
    services: Mapping[str, Service],
    *,
    took_ms: int,
) -> Report:
    """Gather and compare everything."""
    cases = [_case(one, tables[one.case.saga], services) for one in played]
    missing = uncovered(scenario, tables)
    books = [
        _books(name, service.participant.books(service.reader))
        for name, service in services.items()
    ]
    balanced = all(check.holds for one in books for check in one.checks)
    as_said = not missing and not any(case.differences for case in cases)
    return Report(
        *place,
        ok=as_said and balanced,
        balanced=balanced,
        took_ms=took_ms,
        cases=cases,
        uncovered=missing,
        books=books,
        timeline=_timeline(played),
    )


def _case(played: Played, table: Table, services: Mapping[str, Service]) -> CaseReport:
    facts = played.facts
    stored = [
        effect
        for service in services.values()
        for effect in effects(service, DEFAULT_TENANT, played.saga)
    ]
    verdict: Verdict = judge(played.case, table, facts, stored)
    return CaseReport(
        played.case.label,
        played.case.saga,
        played.saga,
        facts.ended,
        facts.code,
        facts.reason,
        facts.status,
        facts.outcomes,
        sorted(facts.undone),
        played.ended_at - played.started_at,
        verdict.differences,
    )


def _books(name: str, books: Books) -> BooksReport:
    return BooksReport(
        name,
        books.heading,
        list(books.titles),
        [["" if cell is None else str(cell) for cell in row] for row in books.rows],
        [
            CheckReport(check.what, check.expected, check.found, check.expected == check.found)
            for check in books.checks
        ],
    )


def _timeline(played: Iterable[Played]) -> Timeline | None:
    """The failed saga in which most was undone: it shows most."""
    failed = [one for one in played if one.facts.ended == "failed"]
    if not failed:
        return None
    chosen = max(failed, key=lambda one: len(one.facts.undone))
    return Timeline(chosen.case.label, chosen.saga, chosen.transitions)
