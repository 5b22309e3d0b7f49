"""A saga's history as a timeline: a line for each fact."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from orchestrator.cli.views.times import offset
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Emitted,
    Fact,
    Failed,
    Failing,
    Faulted,
    Ignored,
    Late,
    Parked,
    Refused,
    Repaired,
    Sent,
    Signalled,
    SignalRefused,
    Started,
    Stuck,
    Succeeded,
    Transition,
)


def timeline(transitions: Sequence[Transition]) -> Table:
    """When, which step, what happened: from the first transition to the last."""
    table = Table(box=None, pad_edge=False)
    table.add_column("since start", justify="right", style="dim")
    table.add_column("step")
    table.add_column("what happened", overflow="fold")
    begin = transitions[0].at if transitions else 0
    for transition in transitions:
        for fact in transition.facts:
            style, text = told(fact)
            step = getattr(fact, "step", "")
            line = f"[{style}]{escape(text)}[/]" if style else escape(text)
            table.add_row(offset(transition.at - begin), escape(step), line)
    return table


def told(fact: Fact) -> tuple[str, str]:
    """A style and the words for one fact."""
    return _told_of_step(fact) or _told_of_people(fact) or _told_of_end(fact) or _told_of_saga(fact)


def _told_of_step(fact: Fact) -> tuple[str, str] | None:
    match fact:
        case Sent():
            again = f", attempt {fact.attempt}" if fact.attempt > 1 else ""
            more = f", round {fact.round}" if fact.round > 1 else ""
            verb = "undo sent" if fact.direction == "undo" else "sent"
            return "", f"{verb}: {fact.command}{again}{more}"
        case Succeeded(direction="undo"):
            return "cyan", "undone"
        case Succeeded():
            return "green", "succeeded"
        case Refused():
            what = "undo refused" if fact.direction == "undo" else "refused"
            return "red", f"{what}: {fact.code} ({fact.status}), {fact.reason}"
        case Faulted():
            then = "asked again later" if fact.retry_at else "given up, outcome unknown"
            return "yellow", f"attempt {fact.attempt} {fact.cause}: {fact.error}; {then}"
        case Stuck():
            return "bold yellow", f"needs an operator: {fact.direction} {fact.cause}"
        case _:
            return None


def _told_of_people(fact: Fact) -> tuple[str, str] | None:
    match fact:
        case Repaired():
            return "bold", f"{fact.action} by {fact.by}: {fact.reason}"
        case Signalled():
            return "bold", f"{fact.signal} by {fact.by}: {fact.reason}"
        case SignalRefused():
            return "bold red", f"{fact.signal} by {fact.by} refused: {fact.why}"
        case _:
            return None


def _told_of_end(fact: Fact) -> tuple[str, str] | None:
    match fact:
        case Completed():
            return "bold green", "completed"
        case Failed():
            undone = f"; undone: {', '.join(fact.undone)}" if fact.undone else ""
            skipped = f"; written off: {', '.join(fact.skipped)}" if fact.skipped else ""
            return "bold red", f"failed, {fact.status}: {fact.reason}{undone}{skipped}"
        case Parked():
            return "bold yellow", f"parked, needs an operator: {fact.error}"
        case _:
            return None


def _told_of_saga(fact: Fact) -> tuple[str, str]:
    match fact:
        case Started():
            return "bold", f"started: {fact.definition} ({fact.version}), request key {fact.key}"
        case Failing():
            return "red", f"turns back: {fact.code}, what is in flight settles first"
        case Late():
            return "yellow", f"late: its deadline has passed, no way back from {fact.committed}"
        case Compensating():
            return "cyan", f"undo begins: {', '.join(fact.owed) or 'nothing is owed'}"
        case Emitted():
            return "dim", f"event {fact.event} on {fact.topic}"
        case Ignored():
            return "dim", f"ignored: {fact.why}"
        case _:
            return "", type(fact).__name__
