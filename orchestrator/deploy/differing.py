"""The first thing in which two decisions differ, in words."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from orchestrator.deploy.situation import NOW
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
    Refused,
    Repaired,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Stuck,
    Succeeded,
    Waited,
)


def first_difference(was: Sequence[Fact], will: Sequence[Fact]) -> str:
    """What the second decision says otherwise; empty where both say the same, in any order."""
    gone, new = _without(was, will), _without(will, was)
    if not gone and not new:
        return ""
    if not new:
        return f"not any more: {words(gone[0])}"
    if not gone:
        return f"also: {words(new[0])}"
    for before in gone:
        for after in new:
            if _about(before) == _about(after):
                return _changed(before, after)
    return f"{words(new[0])}, instead of: {words(gone[0])}"


def _without(facts: Sequence[Fact], others: Sequence[Fact]) -> list[Fact]:
    left = list(map(_plain, others))
    found: list[Fact] = []
    for fact in facts:
        if _plain(fact) in left:
            left.remove(_plain(fact))
        else:
            found.append(fact)
    return found


def _plain(fact: Fact) -> Fact:
    """The same without an order that means nothing: branches of a parallel are undone together."""
    return Compensating(tuple(sorted(fact.owed))) if isinstance(fact, Compensating) else fact


def _about(fact: Fact) -> tuple[Any, ...]:
    """Two facts about the same thing are compared field by field."""
    name = getattr(fact, "step", "") or getattr(fact, "event", "") or getattr(fact, "signal", "")
    return (type(fact), name, getattr(fact, "direction", ""))


def _changed(before: Fact, after: Fact) -> str:
    if isinstance(before, Sent) and isinstance(after, Sent):
        return f"{_asked(after)} {_other_command(before, after)}"
    if isinstance(before, Faulted) and isinstance(after, Faulted):
        return f"{after.step} {_again(after)}, instead of: {_again(before)}"
    if isinstance(before, Emitted) and isinstance(after, Emitted):
        return f"event {after.event} is told {_other_fields(before.data, after.data)}"
    if isinstance(before, Waited) and isinstance(after, Waited):
        times = f"{_seconds(after.due)} instead of {_seconds(before.due)}"
        return f"{after.step} waits {times}"
    return f"{words(after)}, instead of: {words(before)}"


def _asked(fact: Sent) -> str:
    return f"{fact.step} is {'undone' if fact.direction == 'undo' else 'asked'}"


def _other_command(before: Sent, after: Sent) -> str:
    if before.command != after.command:
        return f"with {after.command} instead of {before.command}"
    if before.topic != after.topic:
        return f"on {after.topic} instead of {before.topic}"
    if before.data != after.data:
        return f"({after.command}) {_other_fields(before.data, after.data)}"
    if before.deadline != after.deadline:
        return f"with {_seconds(after.deadline)} to answer instead of {_seconds(before.deadline)}"
    return f"as {after} instead of {before}"


def _other_fields(before: dict[str, Any], after: dict[str, Any]) -> str:
    more, less = sorted(set(after) - set(before)), sorted(set(before) - set(after))
    changes = [f"with {', '.join(more)}"] if more else []
    changes += [f"without {', '.join(less)}"] if less else []
    if not changes:
        other = sorted(name for name in after if after[name] != before[name])
        changes = [f"with another {', '.join(other)}"] if other else ["under another key"]
    return " and ".join(changes)


def _again(fact: Faulted) -> str:
    return f"is asked again after {_seconds(fact.retry_at)}" if fact.retry_at else "is given up"


def _seconds(at: int) -> str:
    return f"{(at - NOW) / 1_000:g} s"


def words(fact: Fact) -> str:
    """What a fact says, without anything that differs from saga to saga."""
    say = _WORDS.get(type(fact))
    return say(fact) if say else type(fact).__name__.lower()


_WORDS: Final[dict[type, Callable[[Any], str]]] = {
    Sent: lambda fact: f"{_asked(fact)} ({fact.command})",
    Succeeded: lambda fact: f"{fact.step} counts as succeeded",
    Refused: lambda fact: f"{fact.step} counts as refused ({fact.code}, {fact.status})",
    Faulted: lambda fact: f"{fact.step} {_again(fact)}",
    Waited: lambda fact: f"{fact.step} waits",
    Stuck: lambda fact: f"{fact.step} waits for an operator",
    Failing: lambda fact: f"it turns back ({fact.code}, {fact.status})",
    Late: lambda fact: "it counts as late",
    Compensating: lambda fact: f"undo begins ({', '.join(fact.owed) or 'nothing is owed'})",
    Repaired: lambda fact: f"{fact.action} of {fact.step or 'the saga'} applies",
    Signalled: lambda fact: f"{fact.signal} applies",
    SignalHeld: lambda fact: f"{fact.signal} waits to be decided",
    SignalRefused: lambda fact: f"{fact.signal} is refused: {fact.why}",
    Emitted: lambda fact: f"event {fact.event} is told",
    Completed: lambda fact: "it completes",
    Failed: lambda fact: f"it fails ({fact.code})",
    Ignored: lambda fact: f"that changes nothing: {fact.why}",
}
