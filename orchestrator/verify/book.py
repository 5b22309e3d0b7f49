"""What the log says of each step, kept apart from the engine's own state, so that the two can
disagree.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from orchestrator.definition.nodes import Direction

Came = Literal[
    "",
    "sent",
    "pausing",
    "waiting",
    "success",
    "refused",
    "unknown",
    "skipped",
    "dropped",
]
Back = Literal["", "sent", "stuck", "undone", "skipped"]
Ended = Literal["", "completed", "failed"]
Verdict = Literal["applied", "held", "refused"]


class Asked(NamedTuple):
    """A round that was sent."""

    direction: Direction
    round: int


class Kept(NamedTuple):
    """A signal that is held: its identity, and its name."""

    id: str
    signal: str


class Entry(NamedTuple):
    """One step: what came of it, how far its undo is, which rounds have been asked.

    ``stuck``: a person must decide how it goes on, on the way forward. ``stands``: an earlier round
    was done, and another one is asked since. ``again``: a change was applied to it when it was
    done, so that it must be done again. ``held`` are the signals that wait for it. Of a child,
    ``told`` are the signals that were handed on to it, ``stopping``: it knows that it must stop,
    and ``keeps``: it has been given the deadline of its parent. ``changed`` are the fields of the
    input that had been changed when its round began.
    """

    came: Came = ""
    back: Back = ""
    asked: tuple[Asked, ...] = ()
    stuck: bool = False
    stands: bool = False
    again: bool = False
    held: tuple[Kept, ...] = ()
    told: tuple[Kept, ...] = ()
    stopping: bool = False
    keeps: bool = False
    changed: frozenset[str] = frozenset()

    @property
    def perhaps_done(self) -> bool:
        """Whether it was done, or nobody knows, or what an earlier round did is still there."""
        return self.came in ("success", "unknown") or (self.stands and self.came != "skipped")

    @property
    def owed(self) -> bool:
        """Whether it is still to be undone, where it can be."""
        return self.perhaps_done and self.back not in ("undone", "skipped")

    @property
    def settled(self) -> bool:
        """Whether nothing of it is in flight on the way forward."""
        return self.came not in ("sent", "pausing")

    @property
    def last(self) -> int:
        """The latest round that it was asked to do; 0: none."""
        return max((one.round for one in self.asked if one.direction == "do"), default=0)


UNASKED: Final = Entry()


class Book:
    """The entries of all steps, how the saga as a whole stands, the ids of the events it told.

    ``cause`` is the code with which it turned where that was not because of a step, ``refusal`` the
    code of the last refusal. ``signals`` says what became of each signal by its id, ``changed``
    which fields of the input signals have replaced, ``changes`` names those that were applied.
    ``timed``: the saga has a deadline that has not passed.
    """

    __slots__ = (
        *("entries", "turned", "ended", "told", "events", "cause", "parked"),
        *("signals", "changed", "changes", "timed", "refusal"),
    )

    def __init__(self, entries: dict[str, Entry]) -> None:
        self.entries = entries
        self.turned = False
        self.ended: Ended = ""
        self.told: tuple[str, ...] = ()
        self.events: tuple[str, ...] = ()
        self.cause = ""
        self.parked = False
        self.signals: dict[str, Verdict] = {}
        self.changed: frozenset[str] = frozenset()
        self.changes: tuple[str, ...] = ()
        self.timed = False
        self.refusal = ""

    def copy(self) -> "Book":
        """Entries are values, as all the rest is: a copy goes its own way."""
        twin = Book(self.entries.copy())
        twin.turned, twin.ended, twin.parked = self.turned, self.ended, self.parked
        twin.told, twin.events, twin.cause = self.told, self.events, self.cause
        twin.signals, twin.changed, twin.changes = self.signals, self.changed, self.changes
        twin.timed, twin.refusal = self.timed, self.refusal
        return twin

    def of(self, name: str) -> Entry:
        """What is written of this step."""
        return self.entries.get(name, UNASKED)

    def held(self) -> Iterator[tuple[str, Kept]]:
        """Every signal that is held, with the step for which it is."""
        for name, entry in self.entries.items():
            for kept in entry.held:
                yield name, kept
