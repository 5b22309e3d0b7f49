"""Which stretches of time a decision ends, what they were spent on, and which it begins.

A step is in one stretch at a time: a command is out, a pause lasts, something is waited for. The
next stretch begins because another has ended, so that from the end of a saga a chain leads back to
its start: the critical path, whose stretches add up to the whole time.
"""

from typing import Final

from orchestrator.engine.state import State, StepState
from orchestrator.simulate.answers import Answer
from orchestrator.simulate.labels import Doing

Stretch = tuple[str, Doing]
LASTING: Final = ("sent", "pausing", "waiting")


def ended(before: State, after: State, answer: Answer | None) -> list[Stretch]:
    """The steps whose stretch is over, and what it was; first the one that is the reason."""
    over: list[Stretch] = [
        (name, _doing(name, step, answer))
        for name, step in before.steps.items()
        if step.phase in LASTING and _moved(step, after.steps[name])
    ]
    over.sort(key=lambda one: answer is None or one[0] != answer.step)
    return over


def begun(before: State, after: State) -> list[str]:
    """The steps that begin a stretch."""
    return [
        name
        for name, step in after.steps.items()
        if step.phase in LASTING and (name not in before.steps or _moved(before.steps[name], step))
    ]


def _moved(before: StepState, after: StepState) -> bool:
    return _place(before) != _place(after)


def _place(step: StepState) -> tuple[str, str, int, int]:
    return step.phase, step.direction, step.round, step.attempt


def _doing(name: str, step: StepState, answer: Answer | None) -> Doing:
    if step.phase == "pausing":
        return "pausing"
    if step.phase == "waiting":
        return "person" if step.person else "waiting"
    return "executing" if answer is not None and answer.step == name else "unanswered"
