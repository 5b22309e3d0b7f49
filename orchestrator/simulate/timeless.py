"""The times of a state apart from the rest of it, and what a decision does to them.

A decision is made twice, on two clocks that agree only in what has come and what has not. What it
makes of the times must be explained by the same few moves on both; else NotTimeless is raised: then
the engine looks at something that no situation shows.
"""

from typing import Final, NamedTuple

from msgspec.structs import replace

from orchestrator.engine.evolve import draft
from orchestrator.engine.state import State
from orchestrator.simulate.errors import NotTimeless
from orchestrator.simulate.situation import NEVER

DEADLINE: Final = 0
"""The slot of the saga's deadline; those of its steps follow, in the order of the plan."""

KEEP, CLEAR, STAND, PUT_OFF, AGAIN = "", "clear", "stand still", "put off", "stand still again"
"""What becomes of the deadline: nothing; there is none any more; a person is waited for from now
on; it is put off by the time that took; both, as the next person is waited for at once."""


class Times(NamedTuple):
    """The times in a state: 0 is none. ``dues`` are in the order of the plan's steps."""

    deadline: int
    person: int
    dues: tuple[int, ...]


def times_of(state: State, names: tuple[str, ...]) -> Times:
    """The times in this state."""
    steps = state.steps
    dues = tuple(steps[name].due if name in steps else 0 for name in names)
    return Times(state.deadline, state.person_since, dues)


def at_times(state: State, names: tuple[str, ...], times: Times) -> State:
    """The same state at other times."""
    moved = draft(state)
    moved.deadline, moved.person_since = times.deadline, times.person
    for name, due in zip(names, times.dues, strict=True):
        if name in moved.steps:
            moved.steps[name] = replace(moved.steps[name], due=due)
    return moved


def another_clock(times: Times, at: int) -> tuple[Times, int]:
    """Other times at which the same has come, and the same has not. A deadline that comes at this
    moment has not passed yet, and it had come or not when a person began to be waited for.
    """
    now = at + 1_000_003

    def moved(time: int, number: int) -> int:
        if not time:
            return 0
        if time <= at:
            return now - (at - time) - 17 * number
        return now + (time - at) + 1_009 * number

    dues = tuple(moved(due, number) for number, due in enumerate(times.dues, 3))
    deadline = now if times.deadline == at else moved(times.deadline, 1)
    return Times(deadline, moved(times.person, 1), dues), now


class Moves(NamedTuple):
    """What a decision does to the times: of the deadline one of the words above, and the slots that
    change, each by how many milliseconds from now it is due (NEVER: not any more).
    """

    clock: str
    timers: tuple[tuple[int, int], ...]


Clocked = tuple[Times, Times, int]
"""Times before and after a decision, and when it was made."""


def moves_of(one: Clocked, other: Clocked) -> Moves:
    """What explains both; raises NotTimeless where nothing does."""
    timers: list[tuple[int, int]] = []
    all_dues = zip(one[0].dues, one[1].dues, other[0].dues, other[1].dues, strict=True)
    for slot, dues in enumerate(all_dues, 1):
        before, after, again, then = dues
        if (before, again) == (after, then):
            continue
        offset = after - one[2] if after else NEVER
        if offset != (then - other[2] if then else NEVER):
            raise NotTimeless(f"what is due at slot {slot} hangs on more than the time: {dues}")
        timers.append((slot, offset))
    clock = _clock(*one)
    if clock != _clock(*other):
        raise NotTimeless("what becomes of the deadline hangs on more than the time")
    return Moves(clock, tuple(timers))


def _clock(before: Times, after: Times, at: int) -> str:
    old, new = (before.deadline, before.person), (after.deadline, after.person)
    if old == new:
        return KEEP
    if new == (0, 0):
        return CLEAR
    if new == (before.deadline, at):
        return STAND
    later = before.deadline + at - before.person
    if before.person and new in ((later, 0), (later, at)):
        return PUT_OFF if new[1] == 0 else AGAIN
    raise NotTimeless(f"the deadline and the time since when a person is waited for: {old}, {new}")
