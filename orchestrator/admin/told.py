"""The facts of a saga in words: the command line and the web page say the same.

Pure. A tone says how a line is to be taken; each surface has its own colours for it.
"""

from typing import Literal, NamedTuple

from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Emitted,
    Fact,
    Failed,
    Failing,
    Faulted,
    Halted,
    Ignored,
    Late,
    Moved,
    MoveRefused,
    Parked,
    Refused,
    Repaired,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Started,
    Stuck,
    Succeeded,
    Waited,
)

Tone = Literal[
    "plain",
    "aside",  # hardly of interest
    "said",  # a person, or whoever started it, said something
    "denied",  # and it did not apply
    "done",
    "back",  # the way back
    "refused",
    "doubt",  # an outcome is unknown, or late
    "operator",  # a person must decide
    "completed",
    "failed",
]


class Told(NamedTuple):
    """One fact in words."""

    tone: Tone
    text: str


def told(fact: Fact) -> Told:
    """The words for one fact."""
    return _told_of_step(fact) or _told_of_people(fact) or _told_of_end(fact) or _told_of_saga(fact)


def _told_of_step(fact: Fact) -> Told | None:
    match fact:
        case Sent():
            again = f", attempt {fact.attempt}" if fact.attempt > 1 else ""
            more = f", round {fact.round}" if fact.round > 1 else ""
            verb = "undo sent" if fact.direction == "undo" else "sent"
            return Told("plain", f"{verb}: {fact.command}{again}{more}")
        case Waited():
            for_whom = "a person" if fact.person else "a signal, or for its time"
            return Told("plain", f"waits for {for_whom}")
        case Succeeded():
            back = fact.direction == "undo"
            return Told("back", "undone") if back else Told("done", "succeeded")
        case Refused():
            what = "undo refused" if fact.direction == "undo" else "refused"
            return Told("refused", f"{what}: {fact.code} ({fact.status}), {fact.reason}")
        case Faulted():
            then = "asked again later" if fact.retry_at else "given up, outcome unknown"
            return Told("doubt", f"attempt {fact.attempt} {fact.cause}: {fact.error}; {then}")
        case Halted():
            return Told("back", "its saga is told to stop")
        case Stuck():
            return Told("operator", f"needs an operator: {fact.direction} {fact.cause}")
        case _:
            return None


def _told_of_people(fact: Fact) -> Told | None:
    match fact:
        case Repaired():
            return Told("said", f"{fact.action} by {fact.by}: {fact.reason}")
        case Signalled():
            return Told("said", f"{fact.signal} by {fact.by}{_because(fact)}{_carried(fact)}")
        case SignalHeld():
            held = f"held until {fact.step} has settled"
            return Told("said", f"{fact.signal} by {fact.by}{_because(fact)}; {held}")
        case SignalRefused():
            return Told("denied", f"{fact.signal} by {fact.by} refused: {fact.why}")
        case Moved():
            return Told("said", f"goes on by version {fact.version}, by {fact.by}: {fact.reason}")
        case MoveRefused():
            what = f"version {fact.version}, wanted by {fact.by}, refused"
            return Told("denied", f"{what}: {fact.why}")
        case _:
            return None


def _told_of_end(fact: Fact) -> Told | None:
    match fact:
        case Completed():
            return Told("completed", "completed")
        case Failed():
            undone = f"; undone: {', '.join(fact.undone)}" if fact.undone else ""
            skipped = f"; written off: {', '.join(fact.skipped)}" if fact.skipped else ""
            return Told("failed", f"failed, {fact.status}: {fact.reason}{undone}{skipped}")
        case Parked():
            return Told("operator", f"parked, needs an operator: {fact.error}")
        case _:
            return None


def _told_of_saga(fact: Fact) -> Told:
    match fact:
        case Started():
            by = f", by saga {fact.parent.saga}" if fact.parent else ""
            what = f"{fact.definition} ({fact.version}), request key {fact.key}{by}"
            return Told("said", f"started: {what}")
        case Failing():
            return Told("refused", f"turns back: {fact.code}, what is in flight settles first")
        case Late():
            committed = f"no way back from {fact.committed}"
            return Told("doubt", f"late: its deadline has passed, {committed}")
        case Compensating():
            owed = ", ".join(fact.owed) or "nothing is owed"
            return Told("back", f"undo begins: {owed}")
        case Emitted():
            return Told("aside", f"event {fact.event} on {fact.topic}")
        case Ignored():
            return Told("aside", f"ignored: {fact.why}")
        case _:
            return Told("plain", type(fact).__name__)


def _because(fact: Signalled | SignalHeld) -> str:
    return f": {fact.reason}" if fact.reason else ""


def _carried(fact: Signalled) -> str:
    """What the signal said and changed: short, as its whole stands in the history."""
    flags = [f"{name} {'yes' if yes else 'no'}" for name, yes in fact.data.items() if _flag(yes)]
    changed = [f"new {name}" for name in fact.changes]
    return f" ({', '.join(flags + changed)})" if flags or changed else ""


def _flag(value: object) -> bool:
    return isinstance(value, bool)
