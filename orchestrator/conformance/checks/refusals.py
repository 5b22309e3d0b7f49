"""A refusal is a definite answer of its round; a failure is none."""

from typing import Final

from orchestrator.conformance.checks.check import DO, REFUSED, UNDO, Check
from orchestrator.conformance.scene import Scene
from orchestrator.conformance.verdicts import must, same, succeeded


async def refused(scene: Scene) -> None:
    """The example that the business refuses, twice."""
    effect = scene.effect()
    first = await scene.one(scene.refused(effect))
    must(first.outcome == "refused", "the example of a refused do: refused", str(first))
    fault = isinstance(first.code, str) and isinstance(first.data.get("reason"), str)
    must(fault, "data with code and reason", str(first.data))
    same(first, await scene.one(scene.refused(effect, attempt=2)), "a second attempt")


async def refused_round(scene: Scene) -> None:
    """Asked again in a new round with better data, it is done."""
    effect = scene.effect()
    await scene.one(scene.refused(effect))
    succeeded(await scene.one(scene.do(effect, 2)), "a do of round 2, after a refusal in round 1")


async def refused_undo(scene: Scene) -> None:
    """There is nothing to undo of what was refused: that succeeds."""
    effect = scene.effect()
    await scene.one(scene.refused(effect))
    succeeded(await scene.one(scene.undo(effect)), "the undo of a refused do")


async def malformed_data(scene: Scene) -> None:
    """Data that no command has is a failure, or a dead letter; it is not stored."""
    effect = scene.effect()
    command = scene.do(effect)
    good = dict(command.data)
    command.data.clear()
    if not good:
        return
    answer = await scene.settled(command)
    expected = "a do without its data: failed, or a dead letter"
    must(answer is not None, expected, "neither")
    if answer is not None and answer.topic != scene.post.dead_letters:
        must(answer.outcome == "failed", expected, str(answer))
    succeeded(await scene.one(scene.do(effect, attempt=2)), "a later attempt with data")


CHECKS: Final = (
    Check("refused", "a refusal says why, and is stored", REFUSED, refused),
    Check("refused-round", "a refusal is one of its round", REFUSED, refused_round),
    Check("refused-undo", "what was refused needs no undo", REFUSED | UNDO, refused_undo),
    Check("malformed-data", "a failure is not stored", DO, malformed_data),
)
