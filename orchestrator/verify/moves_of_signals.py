"""What people may tell a saga: what it waits for, in time, too early, too late or not complete; and
what changes its data.
"""

from collections.abc import Iterator
from typing import Final

from orchestrator.verify.move import Move, Play, hard
from orchestrator.verify.world import World

_INCOMPLETE: Final = "incomplete"


def is_waiting(world: World, name: str) -> bool:
    """Whether this wait waits."""
    step = world.begun.steps.get(name)
    return step is not None and step.phase == "waiting"


def outcomes(world: World) -> Iterator[Move]:
    """What the waits come to that wait."""
    for name, wait in world.subject.waits.items():
        if not is_waiting(world, name):
            continue
        if wait.signal:
            yield Move("yes", name)
            if wait.accepts:
                yield Move("no", name)
        yield Move("expires", name)


def adversities(world: World) -> Iterator[Move]:
    """Signals at the wrong time or without what they must carry, and those that change data."""
    parked = bool(world.begun.parked)
    for name, wait in world.subject.waits.items():
        if not wait.signal:
            continue
        if parked or not is_waiting(world, name):
            yield hard("tells", name)
        elif wait.required:
            yield hard("tells", name, _INCOMPLETE)
    for change in world.subject.changes.values():
        yield hard("changes", change.redo, change.signal)
        if change.required and world.begun.mode == "forward":
            yield hard("changes", change.redo, f"{change.signal}.{_INCOMPLETE}")


def _decides(world: World, move: Move) -> None:
    wait = world.subject.waits[move.step]
    world.tell(wait.signal, world.subject.says(move.step, yes=move.verb == "yes"))


def _expires(world: World, move: Move) -> None:
    world.wake(move.step)


def _tells(world: World, move: Move) -> None:
    wait = world.subject.waits[move.step]
    world.tell(wait.signal, {} if move.detail else world.subject.says(move.step))


def _changes(world: World, move: Move) -> None:
    signal, _, lacking = move.detail.partition(".")
    change = world.subject.changes[signal]
    world.tell(signal, {} if lacking else world.subject.carries(change))


OUTCOMES: Final[dict[str, tuple[Play, str]]] = {
    "yes": (_decides, "{step} is told yes"),
    "no": (_decides, "{step} is told no"),
    "expires": (_expires, "the time of {step} is over"),
}
ADVERSITIES: Final[dict[str, tuple[Play, str]]] = {
    "tells": (_tells, "somebody tells {step} yes{untimely}"),
    "changes": (_changes, "somebody sends {detail}, for which {step} would be done again"),
}
