"""The model: which ends of a saga are right, given how its steps were to go. Pure.

While processes are killed, any step with a bounded policy may be given up, so a saga that could
have completed may have failed. What may never differ is what its end means: completed is
everything done once, failed is nothing left, and a person is waited for only where an undo is
refused for ever.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from orchestrator.chaos.plays import fails, refuses, succeeds
from orchestrator.chaos.shapes import Drawn, Shape
from orchestrator.engine.facts import Faulted, Refused, Succeeded, Transition
from orchestrator.engine.state import State

YES: Final = "yes"
PLAYED: Final = "Played:"
"""How the reason of a failure begins that the play asked for (services/chaos)."""


def play_of(given: Mapping[str, object], step: str, direction: str) -> str:
    """How the input says that a step is to go."""
    return str(given.get(f"{direction}_{step}", YES))


def end(drawn: Drawn, given: Mapping[str, object], state: State) -> Iterator[str]:
    """What is wrong with the end of a drawn saga."""
    steps = drawn.steps
    doomed = [n for n, s in steps.items() if not succeeds(play_of(given, n, "do"), s.attempts)]
    if state.status == "completed":
        yield from (f"completed, though {name} cannot succeed" for name in doomed)
    elif state.status == "failed":
        if not any(_may_turn(step, play_of(given, name, "do")) for name, step in steps.items()):
            yield "failed, though no step may fail"
    elif state.status == "needs_operator":
        yield from _stuck(given, state)
    else:
        yield f"not at an end: {state.status}"


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


def answers(given: Mapping[str, object], history: Sequence[Transition]) -> Iterator[str]:
    """What the log holds as answered that no participant can have answered."""
    for transition in history:
        for fact in transition.facts:
            if isinstance(fact, Succeeded):
                play = play_of(given, fact.step, fact.direction)
                undone_nothing = fact.direction == "undo" and not fact.data
                if not undone_nothing and not succeeds(play, 0):
                    yield f"{fact.direction} of {fact.step} succeeded, and was to go {play!r}"
            elif isinstance(fact, Refused):
                play = play_of(given, fact.step, fact.direction)
                if not refuses(play):
                    yield f"{fact.direction} of {fact.step} was refused, and was to go {play!r}"
            elif isinstance(fact, Faulted) and fact.error.startswith(PLAYED):
                play = play_of(given, fact.step, fact.direction)
                if not fails(play, fact.attempt):
                    yield f"{fact.direction} of {fact.step} failed, and was to go {play!r}"


Effects = Mapping[str, tuple[int, int]]
"""Step -> how often its effect was made and how often it was taken back."""


def effects(steps: Mapping[str, bool], state: State, found: Effects) -> Iterator[str]:
    """What a saga's end and the databases of the services do not agree about.

    ``steps``: name -> whether it has an effect (a read has none).
    """
    for name in sorted({*steps, *found}):
        done, undone = found.get(name, (0, 0))
        allowed = _allowed(state, name, steps.get(name, False))
        if (done, undone) not in allowed:
            wanted = " or ".join(f"{d} and {u}" for d, u in allowed)
            yield f"{state.status}: {name} was done {done} and undone {undone}, not {wanted} times"


def _allowed(state: State, name: str, effective: bool) -> tuple[tuple[int, int], ...]:
    if not effective:
        return ((0, 0),)
    if state.status == "completed":
        return ((1, 0),)
    step = state.steps.get(name)
    if step is not None and step.phase == "stuck":
        return ((1, 0),)  # an undo is refused only where there is something to undo
    if step is None or step.phase == "refused":
        return ((0, 0),)
    if state.status == "needs_operator" and step.direction == "do":
        # Its turn to be undone has not come: done, or given up and therefore either.
        return ((1, 0),) if step.phase == "done" else ((0, 0), (1, 0))
    return ((0, 0), (1, 1))
