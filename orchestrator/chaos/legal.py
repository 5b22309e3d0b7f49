"""The model: which ends of a saga are right, given how its steps were to go and what it was told.
Pure.

While processes are killed, any step with a bounded policy may be given up, so a saga that could
have completed may have failed. What may never differ is what its end means: completed is
everything done once, failed is nothing left, and a person is waited for only where an undo is
refused for ever.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from orchestrator.chaos.plays import fails, play_of, refuses, succeeds
from orchestrator.chaos.shapes import Drawn, Shape
from orchestrator.engine.deadline import EXCEEDED
from orchestrator.engine.facts import Faulted, Refused, Succeeded, Transition
from orchestrator.engine.signals import CANCELLED
from orchestrator.engine.state import State
from orchestrator.engine.waiting import REJECTED

PLAYED: Final = "Played:"
"""How the reason of a failure begins that the play asked for (services/chaos)."""


def end(
    drawn: Drawn, given: Mapping[str, object], state: State, turns: Sequence[str] = ()
) -> Iterator[str]:
    """What is wrong with the end of a drawn saga; ``turns`` are the codes with which it may have
    been stopped from outside.
    """
    if state.status == "completed":
        yield from (f"completed, though {name} cannot succeed" for name in _doomed(drawn, given))
    elif state.status == "failed":
        yield from _failed(drawn, given, state.code, turns)
    elif state.status == "needs_operator":
        yield from _stuck(given, state)
    else:
        yield f"not at an end: {state.status}"


def within(given: Mapping[str, object], errand: str) -> dict[str, object]:
    """How the steps of a saga are to go that runs as the step ``errand`` of one with this input."""
    begins = f"{errand}_"
    plays = {name: play for name, play in given.items() if name.startswith(begins)}
    return {name.removeprefix(begins): play for name, play in plays.items()}


def _doomed(drawn: Drawn, given: Mapping[str, object]) -> Iterator[str]:
    """The steps that cannot succeed, those of its child among them."""
    for name, step in drawn.steps.items():
        if not succeeds(play_of(given, name, "do"), step.attempts):
            yield name
    if errand := drawn.errand:
        below = _doomed(errand.saga, within(given, errand.name))
        yield from (f"{errand.name}/{name}" for name in below)


def _failed(
    drawn: Drawn, given: Mapping[str, object], code: str, turns: Sequence[str]
) -> Iterator[str]:
    if code in (CANCELLED, EXCEEDED):
        if code not in turns:
            yield f"failed with {code}, and nobody and nothing stopped it"
    elif code == REJECTED:
        if drawn.wait is None:
            yield "failed as rejected, and there is nothing to reject"
    elif not _may_turn_itself(drawn, given):
        yield "failed, though no step may fail"


def _may_turn_itself(drawn: Drawn, given: Mapping[str, object]) -> bool:
    errand = drawn.errand
    if errand and _may_turn_itself(errand.saga, within(given, errand.name)):
        return True
    return any(_may_turn(step, play_of(given, name, "do")) for name, step in drawn.steps.items())


def _may_turn(step: Shape, play: str) -> bool:
    """Whether this step may turn a saga: refused, or given up without an answer."""
    return not step.must and step.kind != "retriable" and (step.attempts > 0 or refuses(play))


def _stuck(given: Mapping[str, object], state: State) -> Iterator[str]:
    if state.parked or not state.stuck:
        yield f"waits for an operator: {state.parked or 'no step is stuck'}"
    for name in state.stuck:
        direction = state.steps[name].direction
        if direction != "undo" or not refuses(play_of(given, name, direction)):
            yield f"waits for an operator because of {direction} of {name}, which must work"


def answers(
    drawn: Drawn, given: Mapping[str, object], history: Sequence[Transition]
) -> Iterator[str]:
    """What the log holds as answered that no participant can have answered."""
    for transition in history:
        for fact in transition.facts:
            if not isinstance(fact, Succeeded | Refused | Faulted):
                continue
            if fact.direction == "do" and fact.step not in drawn.steps:
                continue  # a person has answered, or time, or another saga
            play = play_of(given, fact.step, fact.direction)
            if wrong := _unlike(fact, play):
                yield f"{fact.direction} of {fact.step} {wrong}, and was to go {play!r}"


def _unlike(fact: Succeeded | Refused | Faulted, play: str) -> str:
    """What nobody can have answered who goes by the play; empty where it is right."""
    if isinstance(fact, Succeeded):
        undone_nothing = fact.direction == "undo" and not fact.data
        return "" if undone_nothing or succeeds(play, 0) else "succeeded"
    if isinstance(fact, Refused):
        return "" if refuses(play) else "was refused"
    played = fact.error.startswith(PLAYED)
    return "failed" if played and not fails(play, fact.attempt) else ""
