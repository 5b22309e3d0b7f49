"""What can happen to a saga next: every input that the engine may be told, in words."""

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

from orchestrator.definition.nodes import Call, Step, Wait
from orchestrator.deploy.situation import NOW, due
from orchestrator.engine.inputs import Input, Repair, Reply, Signal, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State, StepState

VALUE: Final = 1
"""What a field carries of which only the name counts."""


class Event(NamedTuple):
    """One thing that may happen: in words, what it makes of the saga before (a time is reached),
    and the input.

    ``step`` has trouble then (empty: none, it belongs to every saga).
    """

    words: str
    before: State
    given: Input
    step: str = ""


def events(old: Plan, new: Plan, state: State) -> Iterator[Event]:
    """Everything that may happen next, what goes well first."""
    if state.parked:
        yield _repair(state, "resume", "")
        return
    troubles: list[Event] = []
    for name, step in state.steps.items():
        nodes = [plan.steps[name].step for plan in (old, new) if name in plan.steps]
        calls = [call for node in nodes if isinstance(node, Step) and (call := _call(node, step))]
        waits = [node for node in nodes if isinstance(node, Wait)]
        if step.phase == "sent":
            yield Event(f"{name} {_well(step)}", state, _succeeded(name, step, calls))
            troubles += _answers(state, name, step, nodes)
        elif step.phase == "pausing":
            yield Event(f"the pause of {name} ends", *_woken(state, name))
        elif step.phase == "waiting":
            yield Event(f"the time of {name} is over", *_woken(state, name))
            troubles += (event for wait in waits for event in _signals_of(state, wait))
        elif step.phase == "stuck":
            troubles += (_repair(state, "retry", name), _repair(state, "skip", name))
    yield from troubles
    yield from _told(old, new, state)


def _call(node: Step, step: StepState) -> Call | None:
    return node.undo if step.direction == "undo" else node.do


def _well(step: StepState) -> str:
    return "is undone" if step.direction == "undo" else "succeeds"


def _woken(state: State, name: str) -> tuple[State, Wake]:
    return due(state, name), Wake("wake", NOW)


def _reply(
    name: str,
    step: StepState,
    outcome: Literal["succeeded", "refused", "failed"],
    data: dict[str, Any],
) -> Reply:
    return Reply("reply", NOW, name, step.direction, step.round, step.attempt, outcome, data)


def _succeeded(name: str, step: StepState, calls: list[Call]) -> Reply:
    data = {field: VALUE for call in calls for field in call.reply}
    return _reply(name, step, "succeeded", data)


def _answers(state: State, name: str, step: StepState, nodes: list[Any]) -> Iterator[Event]:
    """What may go wrong with a command that is out."""
    undo = "the undo of " if step.direction == "undo" else ""
    declared = {code for node in nodes if isinstance(node, Step) for code in node.refusals}
    for code in sorted(declared) if step.direction == "do" else ["refused"]:
        data = {"code": code, "reason": code}
        given = _reply(name, step, "refused", data)
        yield Event(f"{undo}{name} is refused ({code})", state, given, name)
    data = {"code": "exception", "reason": "it broke"}
    yield Event(f"{undo}{name} fails", state, _reply(name, step, "failed", data), name)
    yield Event(f"{undo}{name} is not answered", *_woken(state, name), name)


def _signals_of(state: State, wait: Wait) -> Iterator[Event]:
    if not wait.signal:
        return
    for yes in (True, False) if wait.accepts else (True,):
        data: dict[str, Any] = dict.fromkeys(wait.required, VALUE)
        if wait.accepts:
            data[wait.accepts] = yes
        words = f"{wait.signal} comes" + ("" if yes else ", and says no")
        yield Event(words, state, _signal(wait.signal, data), "" if yes else wait.name)


def _signal(name: str, data: dict[str, Any]) -> Signal:
    return Signal(f"signal/{name}", NOW, name, "checked", "somebody", data)


def _told(old: Plan, new: Plan, state: State) -> Iterator[Event]:
    """What comes from outside: signals, and the deadline."""
    seen = set[str]()
    for change in (*(old.definition.changes or ()), *(new.definition.changes or ())):
        if change.signal not in seen:
            seen.add(change.signal)
            data: dict[str, Any] = dict.fromkeys(change.required, VALUE)
            given = _signal(change.signal, data)
            yield Event(f"{change.signal} comes", state, given, change.signal)
    yield Event("it is cancelled", state, _signal("cancel", {}), "cancel")
    if state.deadline and not state.person_since and not state.delegated:
        yield Event("its deadline passes", due(state, ""), Wake("wake", NOW), "deadline")


def _repair(state: State, action: Literal["retry", "skip", "resume"], name: str) -> Event:
    given = Repair(f"repair/{action}", NOW, action, name, "checked", "operator")
    words = f"an operator has it {action}" if not name else f"an operator says {action} {name}"
    return Event(words, state, given, name or action)
