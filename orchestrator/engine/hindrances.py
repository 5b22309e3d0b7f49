"""Why a running saga cannot go on by another version of its definition.

A state is what the facts fold to, whatever the version, so what was done stays as it is. What can
go wrong is that the other plan does not know of it: a reply that nobody waits for, an effect that
nobody would undo, a message with nothing to fill it from, a step that comes too late.
"""

from collections.abc import Iterator
from typing import Final

from orchestrator.definition.nodes import Step
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State, StepState
from orchestrator.engine.unfilled import (
    closure,
    may_stand,
    over,
    surely_over,
    unfilled,
    unsettled,
)

_COMMITTING: Final = ("pivot", "retriable")


def hindrances(old: Plan, new: Plan, state: State) -> list[str]:
    """Every reason for which the saga cannot go on by ``new``; empty where it can.

    ``old`` is the plan of the version that it runs on.
    """
    if not state.open:
        return [f"the saga has ended: {state.mode}"]
    if new.definition.name != state.definition:
        return [f"it is a saga of {state.definition}, and not of {new.definition.name}"]
    turns = may_turn(new, state)
    found = [
        *_in_flight(old, new, state),
        *_left_behind(old, new, state, turns),
        *_too_late(new, state),
        *unfilled(new, state, turns),
        *_signals(new, state),
    ]
    return list(dict.fromkeys(found))


def may_turn(plan: Plan, state: State) -> bool:
    """Whether what was done may still have to be undone."""
    if state.mode != "forward" or not any(name in state.steps for name in plan.committing):
        return True
    return any(
        not planned.must and not over(state.steps.get(name)) for name, planned in plan.steps.items()
    )


def _in_flight(old: Plan, new: Plan, state: State) -> Iterator[str]:
    """What is out is asked again, and its reply read, by the new plan."""
    for name, step in state.steps.items():
        if not unsettled(step):
            continue
        was, will = old.steps.get(name), new.steps.get(name)
        if will is None:
            yield f"step {name} is {_phase(step)}, and the new version has no such step"
        elif was is None or type(was.step) is not type(will.step):
            yield f"step {name} is {_phase(step)}, and is another kind of node in the new version"
        elif isinstance(was.step, Step) and isinstance(will.step, Step) and step.direction == "do":
            yield from _asked_otherwise(name, was.step, will.step)


def _phase(step: StepState) -> str:
    if step.phase == "stuck":
        return "waiting for an operator"
    if step.phase == "waiting":
        return "waiting"
    return "being undone" if step.direction == "undo" else "in flight"


def _asked_otherwise(name: str, was: Step, will: Step) -> Iterator[str]:
    """The participant knows the round: another command in it would get the answer of the first."""
    if was.child != will.child:
        yield f"step {name} is in flight, and another saga does it in the new version"
    for before, after in ((was.do.command, will.do.command), (was.do.topic, will.do.topic)):
        if before != after:
            yield f"step {name} is in flight as {before}, and the new version asks for {after}"


def _left_behind(old: Plan, new: Plan, state: State, turns: bool) -> Iterator[str]:
    """Effects that the new version would not undo, or would have undone by somebody who knows
    nothing of them.
    """
    for name, step in state.steps.items():
        was, will = old.steps.get(name), new.steps.get(name)
        if was is None and will is not None:
            yield f"step {name} was begun by an earlier version, and nobody knows what it did"
        if was is None or not turns or not may_stand(step) or not isinstance(was.step, Step):
            continue
        if was.step.kind == "read" and not was.step.undo:
            continue
        undo = will.step.undo if will and isinstance(will.step, Step) else None
        if undo is not None:
            where = (was.step.undo or was.step.do).topic
            if undo.topic != where:
                yield (
                    f"what step {name} has done was asked for on {where}, and the new version has"
                    f" it undone on {undo.topic}, where nobody knows of it"
                )
        elif will is None and unsettled(step):
            continue  # that has been said
        elif will is None or will.step.kind not in _COMMITTING:
            yield f"what step {name} has done would not be undone: {_missing_undo(will)}"


def _missing_undo(will: object) -> str:
    return "the new version has no such step" if will is None else "it has no undo any more"


def _too_late(new: Plan, state: State) -> Iterator[str]:
    """Steps that may fail, and are not over when a step is commanded from which there is no way
    back.
    """
    if state.mode != "forward":
        return
    for name in new.committing:
        begun = name in state.steps
        sure = surely_over(new, state, name)
        for before in sorted(closure(new, new.steps[name].needs)):
            if new.steps[before].must or over(state.steps.get(before)):
                continue
            if begun:
                yield (
                    f"step {before} comes before {name} in the new version, which has been"
                    " commanded, and there is no way back from it"
                )
            elif before not in sure:
                yield (
                    f"step {name} would not wait for {before}, which may fail, and there is no way"
                    f" back from {name}"
                )


def _signals(new: Plan, state: State) -> Iterator[str]:
    """Signals that are not decided yet must still be known."""
    known = {change.signal for change in new.definition.changes or ()} | {"cancel"}
    for held in state.held:
        if held.signal not in known:
            yield f"the signal {held.signal} waits to be decided, and the new version takes none"
