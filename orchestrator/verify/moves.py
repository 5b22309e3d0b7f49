"""What can happen next: moves, each with a name that a path is written in.

A new kind of node adds verbs and the places where they are possible; nothing else here changes.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

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


def waiting(world: World, phase: str) -> Iterator[tuple[str, StepState]]:
    """The steps in this phase, in the order of the plan."""
    steps = world.begun.steps
    for name in world.subject.names:
        step = steps.get(name)
        if step is not None and step.phase == phase:
            yield name, step


def unhandled(world: World, name: str, direction: Direction, number: int) -> bool:
    """Whether the participant would act on this command of the round."""
    one = world.people.get(name)
    return one is None or one.judge(direction, number) == "act"


def unanswered(world: World, name: str, direction: Direction, number: int) -> bool:
    """Whether the participant has stored no reply of this round: only then can it fail."""
    one = world.people.get(name)
    return one is None or all((s.direction, s.round) != (direction, number) for s in one.stored)


def outcomes(world: World) -> list[Move]:
    """What belongs to every saga: each step comes to one of its outcomes, each pause ends."""
    if world.state is None:
        return [Move("start")]
    if world.state.parked or not world.state.open:
        return []
    found: list[Move] = []
    for name, step in waiting(world, "sent"):
        found.append(Move("succeeds", name))
        if step.direction == "do":
            found += _may_fail(world, name, step)
    found += [Move("again", name) for name, _ in waiting(world, "pausing")]
    return found


def _may_fail(world: World, name: str, step: StepState) -> Iterator[Move]:
    if unhandled(world, name, "do", step.round):
        for code in world.subject.plan.steps[name].step.refusals:
            yield Move("refuses", name, code)
        yield Move("silent", name, "done")
    yield Move("silent", name)
    if unanswered(world, name, "do", step.round):
        yield Move("broken", name)


def benign(moves: list[Move]) -> Move | None:
    """The move of a world in which all goes well from now on."""
    return next((move for move in moves if move.verb in ("start", "succeeds", "again")), None)


def handled(world: World, name: str, wanted: Answer, code: str = "") -> None:
    """The command that is out is taken by its participant, and the reply arrives."""
    step = world.begun.steps[name]
    outcome = world.handle(name, step.direction, step.round, wanted)
    reply = world.answer(name, step.direction, step.round, step.attempt, outcome, code)
    world.take(reply)


def _start(world: World, _move: Move) -> None:
    world.take(world.start())


def _succeeds(world: World, move: Move) -> None:
    handled(world, move.step, "succeeded")


def _refuses(world: World, move: Move) -> None:
    handled(world, move.step, "refused", move.detail)


def _again(world: World, move: Move) -> None:
    world.wake(move.step)


def _silent(world: World, move: Move) -> None:
    """No attempt is answered until the step is given up; with ``done`` the first one was obeyed."""
    if move.detail:
        step = world.begun.steps[move.step]
        world.handle(move.step, step.direction, step.round, "succeeded")
    for _ in _attempts(world, move.step):
        world.wake(move.step)


def _broken(world: World, move: Move) -> None:
    """Every attempt fails until the step is given up."""
    for step in _attempts(world, move.step):
        world.take(world.answer(move.step, step.direction, step.round, step.attempt, "failed"))


def _attempts(world: World, name: str) -> Iterator[StepState]:
    """Every attempt of the round that is out; of one that is asked without end the first few."""
    first = world.begun.steps[name]
    for _ in range(_MANY):
        step = world.begun.steps[name]
        if step.phase == "pausing":
            world.wake(name)
            step = world.begun.steps[name]
        if step.phase != "sent" or step.direction != first.direction:
            return
        yield step


_MANY: Final = 3

OUTCOMES: Final[dict[str, tuple[Play, str]]] = {
    "start": (_start, "the saga is started"),
    "succeeds": (_succeeds, "{step} does what it is asked"),
    "refuses": (_refuses, "{step} refuses: {detail}"),
    "silent": (_silent, "{step} never answers{lost}"),
    "broken": (_broken, "{step} fails at every attempt"),
    "again": (_again, "the pause of {step} is over"),
}
"""Verb -> what it does, and the words for it."""
