"""What it cannot know or read: it says so, and goes on."""

from typing import Final

from orchestrator.conformance.answers import short
from orchestrator.conformance.checks.check import Check
from orchestrator.conformance.commands import Command
from orchestrator.conformance.scene import Scene
from orchestrator.conformance.script import UNKNOWN
from orchestrator.conformance.verdicts import NotSeen, Silence, must

GARBAGE: Final[tuple[bytes | None, ...]] = (
    b"{not JSON",
    b"\xff\xfe\x00",
    b"",
    None,
    b"[]",
    b"7",
    b"{}",
    b'{"specversion": "1.0", "id": 7, "type": [], "saga": {}, "data": "x"}',
)
NONE: Final = frozenset[str]()


async def unknown_command(scene: Scene) -> None:
    """A type that it does not know: failed or a dead letter, and the next command is answered."""
    command = scene.unknown(scene.effect())
    answer = await scene.settled(command)
    expected = f"a command of type {UNKNOWN}: failed, or a dead letter"
    if answer is None and not await scene.alive(command):
        raise Silence("the command after one of an unknown type is answered", "no answer")
    must(answer is not None, expected, "neither")
    if answer is not None and answer.topic != scene.post.dead_letters:
        must(answer.outcome == "failed", expected, str(answer))
    await _goes_on(scene, command, "one of an unknown type")


async def garbage(scene: Scene) -> None:
    """Bytes that are no command, and a command behind them on the same partition."""
    command = scene.do(scene.effect())
    for value in GARBAGE:
        await _send(scene, command, value)
        await _goes_on(scene, command, f"the value {_shown(value)}")


async def dead_letters(scene: Scene) -> None:
    """What it could not read is kept where an operator sees it."""
    if not scene.post.dead_letters:
        raise NotSeen("the cluster has no topic for dead letters")
    command = scene.do(scene.effect())
    for number, value in enumerate(GARBAGE[:2]):
        unique = (value or b"") + f" {scene.step}/{number}".encode()
        mark = len(scene.post.heard)
        await _send(scene, command, unique)

        def found(unique: bytes = unique, mark: int = mark) -> bool:
            return scene.post.letter(unique, mark) is not None

        there = await scene.post.until(found, scene.patience_s)
        must(there, f"the value {_shown(unique)} on {scene.post.dead_letters}", "no such record")


async def _send(scene: Scene, command: Command, value: bytes | None) -> None:
    partition = command.partition(scene.post.partitions)
    await scene.post.send([(partition, command.effect.key, value)])


async def _goes_on(scene: Scene, command: Command, what: str) -> None:
    if not await scene.alive(command):
        raise Silence(f"the command after {what} is answered", "no answer")


def _shown(value: bytes | None) -> str:
    return "null" if value is None else short(value.decode(errors="replace"))


CHECKS: Final = (
    Check("unknown-command", "an unknown command is not passed over", NONE, unknown_command),
    Check("garbage", "what cannot be read stalls nobody", NONE, garbage),
    Check("dead-letters", "what cannot be read becomes a dead letter", NONE, dead_letters),
)
