"""What is true in the end: at the participants, and by the compensation table."""

from typing import Final

from orchestrator.definition.table import Row
from orchestrator.verify.book import UNASKED, Came
from orchestrator.verify.laws import TABLE, TOLD, WHOLE, broken
from orchestrator.verify.participant import Participant
from orchestrator.verify.subject import Outcomes
from orchestrator.verify.witness import STOPPED
from orchestrator.verify.world import World

_OUTCOMES: Final[dict[Came, str]] = {
    "": "",
    "success": "success",
    "refused": "refused",
    "unknown": "unknown",
    "dropped": "",
}
_NOBODY: Final = Participant()


def agree(world: World) -> Row | None:
    """Check a situation after a move; returns the row of the table in which it stands, if it
    stands still and no operator has changed its course. Raises Broken.
    """
    if world.book.ended == "completed":
        _completed(world)
    elif world.book.ended == "failed":
        _failed(world)
    if world.book.ended:
        _told(world)
    return _row(world)


def _told(world: World) -> None:
    """The events of the start, of this end and of every change that was applied, and no other."""
    plan, told = world.subject.plan, world.book.events
    wanted = plan.started + (plan.completed if world.book.ended == "completed" else plan.failed)
    names = [event.event for event in wanted]
    for signal in world.book.changes:
        names += [event.event for event in world.subject.changes[signal].told]
    if sorted(told) != sorted(names):
        missing = [name for name in names if name not in told]
        broken(TOLD, f"{world.book.ended}, told: {list(told)}, not told: {missing}")


def _completed(world: World) -> None:
    for name in world.subject.names:
        if name in world.subject.waits:
            continue
        one = world.people.get(name, _NOBODY)
        entry = world.book.entries.get(name, UNASKED)
        if entry.back:
            broken(WHOLE, f"completed, and the undo of {name} was sent")
        if one.undone:
            broken(WHOLE, f"completed, and {name} is undone")
        if not one.stands and entry.came != "skipped":
            broken(WHOLE, f"completed, and {name} was never done")


def _failed(world: World) -> None:
    for name, one in world.people.items():
        step = world.subject.plan.steps[name].step
        entry = world.book.entries.get(name, UNASKED)
        written_off = "skipped" in (entry.came, entry.back)
        if one.stands and step.kind != "read" and not written_off:
            broken(WHOLE, f"failed, and what {name} did is left")


def outcomes(world: World) -> Outcomes | None:
    """What each step came to, in the words of the table; None where one has not settled."""
    entries = world.book.entries
    found = tuple(
        _OUTCOMES.get(entries.get(name, UNASKED).came, "?") for name in world.subject.names
    )
    return None if "?" in found else found


def _row(world: World) -> Row | None:
    """The row, where nothing moves any more by itself."""
    state = world.begun
    if state.repairs or state.parked or state.wake_at:
        return None
    if any(entry.back == "stuck" for entry in world.book.entries.values()):
        return None
    if world.book.cause:
        _stopped(world)
        return None
    came = outcomes(world)
    row = world.subject.rows.get(came) if came is not None else None
    if row is None:
        if not world.subject.table.complete:
            return None
        told = ", ".join(f"{n} {o}" for n, o in zip(world.subject.names, came or (), strict=False))
        broken(TABLE, f"no row has {told}")
    if row.result != state.status:
        broken(TABLE, f"the row says {row.result}, and the saga is {state.status}")
    if row.result == "failed":
        _as_the_row_says(world, row)
    return row


def _stopped(world: World) -> None:
    """A saga that was stopped is undone from wherever it was: no row of outcomes says that."""
    state, cause = world.begun, world.book.cause
    if (state.status, state.code, state.http) != ("failed", cause, STOPPED[cause]):
        broken(TABLE, f"{cause}, and the saga is {state.status}, {state.code} ({state.http})")


def _as_the_row_says(world: World, row: Row) -> None:
    state = world.begun
    if state.http not in row.statuses:
        broken(TABLE, f"the row says {row.statuses}, and the saga failed with {state.http}")
    listed = {action.step for action in row.actions}
    # A row knows one round of a step: what an earlier one has done is undone, too.
    steps = world.subject.plan.steps
    listed |= {n for n, entry in world.book.entries.items() if entry.stands and steps[n].undo}
    if sorted(state.undone) != sorted(listed):
        told = ", ".join(sorted(listed))
        broken(TABLE, f"the row undoes {told}; undone were {', '.join(sorted(state.undone))}")
