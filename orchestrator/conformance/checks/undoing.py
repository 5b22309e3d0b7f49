"""Undo: what it reaches, that it comes once, and that nothing happens after it."""

from typing import Final

from orchestrator.conformance.answers import short
from orchestrator.conformance.checks.check import UNDO, Check
from orchestrator.conformance.scene import Scene
from orchestrator.conformance.verdicts import failed, must, same, succeeded


async def undo(scene: Scene) -> None:
    """A do and its undo."""
    effect = scene.effect()
    succeeded(await scene.one(scene.do(effect)), "the do")
    succeeded(await scene.one(scene.undo(effect)), "its undo")


async def undo_twice(scene: Scene) -> None:
    """The same undo again, and its second attempt."""
    effect = scene.effect()
    succeeded(await scene.one(scene.do(effect)), "the do")
    first = await scene.one(scene.undo(effect))
    succeeded(first, "its undo")
    same(first, await scene.one(scene.undo(effect)), "the same undo again")
    same(first, await scene.one(scene.undo(effect, attempt=2)), "its second attempt")


async def tombstone(scene: Scene) -> None:
    """The undo overtakes its do."""
    effect = scene.effect()
    succeeded(await scene.one(scene.undo(effect)), "an undo before its do")
    for attempt in (1, 2):
        command = scene.do(effect, attempt=attempt)
        failed(await scene.one(command), "tombstoned", f"{command}, after its undo")


async def tombstone_round(scene: Scene) -> None:
    """A tombstone ends with its round."""
    effect = scene.effect()
    succeeded(await scene.one(scene.undo(effect)), "an undo of round 1 before its do")
    succeeded(await scene.one(scene.do(effect, 2)), "the do of round 2, whose undo did not come")


async def do_undo_do(scene: Scene) -> None:
    """The do again, after its undo: its stored reply, and nothing new to undo."""
    effect = scene.effect()
    done = await scene.one(scene.do(effect))
    succeeded(done, "the do")
    undone = await scene.one(scene.undo(effect))
    succeeded(undone, "its undo")
    same(done, await scene.one(scene.do(effect, attempt=2)), "the do again, after its undo")
    same(undone, await scene.one(scene.undo(effect, attempt=2)), "the undo again, after that")


async def later_undo(scene: Scene) -> None:
    """An undo of round 2 is the undo of the do of round 1, and refuses a do of round 2."""
    usual, effect = scene.effect(), scene.effect()
    for each in (usual, effect):
        succeeded(await scene.one(scene.do(each)), "the do")
    of_its_round = await scene.one(scene.undo(usual))
    succeeded(of_its_round, "an undo of the do's round")
    later = await scene.one(scene.undo(effect, 2))
    succeeded(later, "an undo of a later round than the do")
    shapes = [(a.message.get("type"), sorted(a.data)) for a in (of_its_round, later)]
    expected = f"the do undone: a reply like that of any undo, {short(shapes[0])}"
    must(shapes[0] == shapes[1], expected, short(shapes[1]))
    failed(await scene.one(scene.do(effect, 2)), "tombstoned", "a do of round 2, after that")


CHECKS: Final = (
    Check("undo", "what was done can be undone", UNDO, undo),
    Check("undo-twice", "an undo that comes again is the same undo", UNDO, undo_twice),
    Check("tombstone", "an undo before its do succeeds, and refuses the do", UNDO, tombstone),
    Check("tombstone-round", "a tombstone is no obstacle to later rounds", UNDO, tombstone_round),
    Check("do-undo-do", "a do after its undo: the stored reply, nothing new", UNDO, do_undo_do),
    Check("later-undo", "an undo reaches the do of an earlier round", UNDO, later_undo),
)
