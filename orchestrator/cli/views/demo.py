"""How a demo looks: while it runs, and what came of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table as RichTable
from rich.text import Text

from orchestrator.cli.demo.play import Played
from orchestrator.cli.demo.report import BooksReport, CaseReport, Report
from orchestrator.cli.facts import StepFacts
from orchestrator.cli.views.sagas import state_text
from orchestrator.cli.views.table import styled
from orchestrator.cli.views.timeline import timeline
from orchestrator.definition.table import Action, Outcome, Result, Row, Table
from orchestrator.definition.table.text import cells, header

PHASES: Mapping[str, str] = {"sent": "yellow", "success": "green", "refused": "red"}


def live_view(played: Iterable[Played]) -> RichTable:
    """The sagas as they move: a step in the colour of where it stands, struck out when undone."""
    table = RichTable(box=None, pad_edge=False)
    for title in ("case", "saga", "steps", "state"):
        table.add_column(title, overflow="fold")
    for one in played:
        facts = one.facts
        steps = " ".join(_step(name, step) for name, step in facts.steps.items())
        state = state_text(facts.ended) if facts.ended else "running" if one.saga else "waiting"
        table.add_row(escape(one.case.label), one.case.saga, steps, state)
    return table


def line(one: Played) -> str:
    """Where one saga stands, on a line: for what is not a terminal."""
    facts = one.facts
    steps = ", ".join(f"{name} {_words(step)}" for name, step in facts.steps.items())
    return f"{one.case.label}: {facts.ended or 'running'} ({steps})"


def report_view(report: Report, tables: Mapping[str, Table]) -> RenderableType:
    """Everything that the demo has to show for itself."""
    return Group(*_parts(report, tables))


def _parts(report: Report, tables: Mapping[str, Table]) -> Iterator[RenderableType]:
    for name, table in tables.items():
        cases = [case for case in report.cases if case.definition == name]
        if cases:
            yield _happened(table, cases)
    for case in report.cases:
        for difference in case.differences:
            yield Text(f"{case.label}: {difference}", style="bold red")
    for missing in report.uncovered:
        yield Text(missing, style="bold red")
    if report.timeline is not None:
        yield Text(f"\nTimeline of saga {report.timeline.saga}: {report.timeline.label}", "bold")
        yield timeline(report.timeline.transitions)
    yield Text("\nWhat is left in the services' databases", style="bold")
    for books in report.books:
        yield from _books(books)
    yield _verdict(report)


def _happened(table: Table, cases: Sequence[CaseReport]) -> RichTable:
    """The compensation table, filled with what really happened."""
    shown = RichTable(title=f"{table.definition}: what really happened")
    for title in ("case", *header(table), "as the table says"):
        shown.add_column(title, overflow="fold")
    for case in cases:
        words = map(styled, cells(table, _as_row(case, table)))
        verdict = "[bold red]no[/]" if case.differences else "[green]yes[/]"
        shown.add_row(escape(case.label), *words, verdict)
    return shown


def _as_row(case: CaseReport, table: Table) -> Row:
    """What happened in the words of the table; the facts are those of the case, not of a row."""
    outcomes: dict[str, Outcome] = {}
    for column in table.columns:
        found = case.outcomes.get(column.step, "")
        outcomes[column.step] = found if found in ("success", "refused", "unknown") else ""
    result: Result = case.ended if case.ended in ("completed", "failed") else "needs_operator"
    actions = tuple(Action(step, command) for step, command in case.undone)
    return Row(outcomes, result, (case.status,) if result == "failed" else (), actions)


def _books(books: BooksReport) -> Iterator[RenderableType]:
    if not books.titles and not books.checks:
        return
    table = RichTable(title=f"{books.service}: {books.heading}", title_justify="left")
    for title in books.titles:
        table.add_column(title)
    for row in books.rows:
        table.add_row(*map(escape, row))
    yield table
    for check in books.checks:
        mark, style = ("balances", "green") if check.holds else ("DOES NOT BALANCE", "bold red")
        yield Text(f"  {check.what}: expected {check.expected}, found {check.found}: {mark}", style)


def _verdict(report: Report) -> Text:
    wrong = sum(1 for case in report.cases if case.differences)
    rows = f"{len(report.cases) - wrong} of {len(report.cases)} sagas went as their table says"
    books = "the books balance" if report.balanced else "the books DO NOT balance"
    text = f"\n{rows}; {books}; {report.took_ms / 1000:.1f} s on {report.broker}"
    return Text(text, style="bold green" if report.ok else "bold red")


def _step(name: str, step: StepFacts) -> str:
    if step.undone:
        return f"[cyan strike]{name}[/]"
    style = PHASES.get(step.outcome, "yellow")
    return f"[{style}]{name}[/]"


def _words(step: StepFacts) -> str:
    return "undone" if step.undone else step.outcome
