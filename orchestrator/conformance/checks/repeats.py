"""What comes again is answered again, and done once. A second effect shows in another reply."""

from typing import Final

from orchestrator.conformance.checks.check import DO, UNDO, Check
from orchestrator.conformance.scene import Scene
from orchestrator.conformance.verdicts import same, succeeded


async def redelivered(scene: Scene) -> None:
    """The very same record, a moment later."""
    command = scene.do(scene.effect())
    first = await scene.one(command)
    succeeded(first, "the do")
    same(first, await scene.one(command), "the same command again")


async def second_attempt(scene: Scene) -> None:
    """Another attempt of the same round."""
    effect = scene.effect()
    first = await scene.one(scene.do(effect))
    succeeded(first, "the do")
    same(first, await scene.one(scene.do(effect, attempt=2)), "a second attempt of the round")


async def batch(scene: Scene) -> None:
    """The same command three times in one batch."""
    command = scene.do(scene.effect())
    first, *more = await scene.ask(command, command, command)
    succeeded(first, "the do")
    for answer in more:
        same(first, answer, "the same command twice in a batch")


async def interleaved(scene: Scene) -> None:
    """Commands of two sagas in turn, in one batch on one partition."""
    one = scene.do(scene.effect())
    other = scene.do(scene.beside(one))
    again = [scene.do(command.effect, attempt=2) for command in (one, other)]
    told = await scene.ask(one, other, *again)
    for answer in told:
        succeeded(answer, "a do among those of another saga")
    for first, second in zip(told[:2], told[2:], strict=True):
        same(first, second, "a second attempt among those of another saga")


async def next_round(scene: Scene) -> None:
    """Do and undo of one round are no obstacle to the next."""
    effect = scene.effect()
    succeeded(await scene.one(scene.do(effect)), "the do of round 1")
    succeeded(await scene.one(scene.undo(effect)), "its undo")
    succeeded(await scene.one(scene.do(effect, 2)), "the do of round 2, after the undo of 1")


async def steps_apart(scene: Scene) -> None:
    """Two steps of one saga do not meet."""
    first = scene.effect()
    other = scene.effect(saga=first.saga, step="-other")
    succeeded(await scene.one(scene.undo(other)), "the undo of a step that was not done")
    succeeded(await scene.one(scene.do(first)), "the do of another step of the same saga")


CHECKS: Final = (
    Check(
        "redelivered", "the same command again: the same reply, no second effect", DO, redelivered
    ),
    Check("second-attempt", "attempts of a round share their effect", DO, second_attempt),
    Check("batch", "a duplicate within one batch is no second effect", DO, batch),
    Check("interleaved", "sagas do not get into each other's way", DO, interleaved),
    Check("next-round", "after an undo, the next round can be done", UNDO, next_round),
    Check("steps-apart", "steps of one saga are apart", UNDO, steps_apart),
)
