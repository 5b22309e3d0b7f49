"""What can happen next in a world in which everybody answers, some time or never: the outcomes."""

from collections.abc import Iterator
from typing import Final

from orchestrator.engine.state import StepState
from orchestrator.verify import moves_of_children as children
from orchestrator.verify import moves_of_signals as signals
from orchestrator.verify.move import Move, Play, handled, unanswered, unhandled, waiting
from orchestrator.verify.world import World


def outcomes(world: World) -> list[Move]:
    """What belongs to every saga: each step comes to one of its outcomes, each pause ends."""
    if world.state is None:
        return [Move("start")]
    if world.state.parked or not world.state.open:
        return []
    found: list[Move] = []
    for name, step in waiting(world, "sent"):
        if step.child:
            found += children.outcomes(world, name, step)
            continue
        found.append(Move("succeeds", name))
        if step.direction == "do":
            found += _may_fail(world, name, step)
    for name, step in waiting(world, "pausing"):
        if step.child:
            found += children.outcomes(world, name, step)
        found.append(Move("again", name))
    found += signals.outcomes(world)
    return found


def _may_fail(world: World, name: str, step: StepState) -> Iterator[Move]:
    if unhandled(world, name, "do", step.round):
        for code in world.subject.plan.steps[name].step.refusals:
            yield Move("refuses", name, code)
        yield Move("silent", name, "done")
    yield Move("silent", name)
    if unanswered(world, name, "do", step.round):
        yield Move("broken", name)


_GOOD: Final = (("start", "succeeds", "yes", "again"), ("expires", "refuses"))
"""What happens where all goes well; then what is left where that cannot be."""


def benign(moves: list[Move]) -> Move | None:
    """The move of a world in which all goes well from now on."""
    for verbs in _GOOD:
        for move in moves:
            if move.verb in verbs:
                return move
    return None


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
    **children.OUTCOMES,
    **signals.OUTCOMES,
}
"""Verb -> what it does, and the words for it."""
