"""A move: one thing that happens, with a name that a path is written in; and what moves ask of a
situation.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from orchestrator.definition.nodes import Direction
from orchestrator.engine.state import StepState
from orchestrator.verify.participant import Answer
from orchestrator.verify.world import World


class Move(NamedTuple):
    """One thing that happens. ``cost`` is 1 for an adversity, 0 for what belongs to every saga."""

    verb: str
    step: str = ""
    detail: str = ""
    cost: int = 0

    def __str__(self) -> str:
        return ":".join(filter(None, (self.verb, self.step, self.detail)))


Play = Callable[[World, Move], None]


def hard(verb: str, step: str = "", detail: str = "") -> Move:
    """An adversity."""
    return Move(verb, step, detail, 1)


def waiting(world: World, phase: str) -> Iterator[tuple[str, StepState]]:
    """The steps in this phase, in the order of the plan."""
    steps = world.begun.steps
    for name in world.subject.names:
        step = steps.get(name)
        if step is not None and step.phase == phase:
            yield name, step


def due(world: World) -> list[str]:
    """Every step whose time runs: its command is out, or it waits."""
    return [name for phase in ("sent", "waiting") for name, _ in waiting(world, phase)]


def is_child(world: World, name: str, direction: Direction) -> bool:
    """Whether another saga does this step. What undoes it is a participant's affair."""
    return direction == "do" and name in world.subject.children


def unhandled(world: World, name: str, direction: Direction, number: int) -> bool:
    """Whether the participant would act on this command of the round."""
    one = world.people.get(name)
    return one is None or one.judge(direction, number) == "act"


def unanswered(world: World, name: str, direction: Direction, number: int) -> bool:
    """Whether the participant has stored no reply of this round: only then can it fail."""
    one = world.people.get(name)
    return one is None or all((s.direction, s.round) != (direction, number) for s in one.stored)


def handled(world: World, name: str, wanted: Answer, code: str = "") -> None:
    """The command that is out is taken by its participant, and the reply arrives."""
    step = world.begun.steps[name]
    outcome = world.handle(name, step.direction, step.round, wanted)
    reply = world.answer(name, step.direction, step.round, step.attempt, outcome, code)
    world.take(reply)
