"""Deadlines: what is late is not begun, and what was done stays true."""

from typing import Final

from orchestrator.conformance.checks.check import DO, UNDO, Check
from orchestrator.conformance.scene import Scene
from orchestrator.conformance.verdicts import failed, same, succeeded


async def expired(scene: Scene) -> None:
    """Too late, and then a later attempt in time."""
    effect = scene.effect()
    failed(await scene.one(scene.late(scene.do(effect))), "expired", "a do after its deadline")
    succeeded(await scene.one(scene.do(effect, attempt=2)), "a later attempt in time")


async def expired_undo(scene: Scene) -> None:
    """The same for an undo: it must not leave a tombstone either."""
    effect = scene.effect()
    failed(await scene.one(scene.late(scene.undo(effect))), "expired", "an undo after its deadline")
    succeeded(await scene.one(scene.do(effect)), "a do, whose undo was not run")
    succeeded(await scene.one(scene.undo(effect, attempt=2)), "a later attempt of the undo")


async def late_repeat(scene: Scene) -> None:
    """What happened is true, however late it is asked for."""
    effect = scene.effect()
    first = await scene.one(scene.do(effect))
    succeeded(first, "the do")
    again = await scene.one(scene.late(scene.do(effect, attempt=2)))
    same(first, again, "a second attempt after its deadline")


CHECKS: Final = (
    Check("expired", "a command after its deadline is not begun, nor stored", DO, expired),
    Check("expired-undo", "nor is an undo", UNDO, expired_undo),
    Check("late-repeat", "a stored reply is sent however late", DO, late_repeat),
)
