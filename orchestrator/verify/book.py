"""What the log says of each step, kept apart from the engine's own state, so that the two can
disagree.
"""

from typing import Final, Literal, NamedTuple

from orchestrator.definition.nodes import Direction

Came = Literal["", "sent", "pausing", "success", "refused", "unknown", "skipped"]
Back = Literal["", "sent", "stuck", "undone", "skipped"]
Ended = Literal["", "completed", "failed"]


class Asked(NamedTuple):
    """A round that was sent."""

    direction: Direction
    round: int


class Entry(NamedTuple):
    """One step: what came of it, how far its undo is, which rounds have been asked."""

    came: Came = ""
    back: Back = ""
    asked: tuple[Asked, ...] = ()

    @property
    def perhaps_done(self) -> bool:
        """Whether it was done, or nobody knows."""
        return self.came in ("success", "unknown")

    @property
    def owed(self) -> bool:
        """Whether it is still to be undone, where it can be."""
        return self.perhaps_done and self.back not in ("undone", "skipped")

    @property
    def settled(self) -> bool:
        """Whether nothing of it is in flight on the way forward."""
        return self.came not in ("sent", "pausing")


UNASKED: Final = Entry()


class Book:
    """The entries of all steps, how the saga as a whole stands, the ids of the events it told.

    ``cause`` is the code with which it turned where that was not because of a step.
    """

    __slots__ = ("entries", "turned", "ended", "told", "cause", "parked")

    def __init__(
        self,
        entries: dict[str, Entry],
        turned: bool = False,
        ended: Ended = "",
        told: tuple[str, ...] = (),
        cause: str = "",
        parked: bool = False,
    ) -> None:
        self.entries = entries
        self.told = told
        self.turned = turned
        self.ended: Ended = ended
        self.cause = cause
        self.parked = parked

    def copy(self) -> "Book":
        """Entries are values: a copy goes its own way."""
        return Book(
            self.entries.copy(), self.turned, self.ended, self.told, self.cause, self.parked
        )
