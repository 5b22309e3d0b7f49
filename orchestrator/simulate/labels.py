"""What time is spent on, and which policies a run has looked at, as numbers: these are quicker than
names.
"""

from typing import Literal, NamedTuple

from orchestrator.simulate.outcomes import Part

Doing = Literal["executing", "pausing", "unanswered", "waiting", "person", "between"]
"""Executing until it answers; pausing until the next attempt; waiting for a timeout that nobody
answers; waiting for a signal or its timer; for a person; a message between two sagas."""


class Spent(NamedTuple):
    """What a stretch of time was spent on."""

    part: Part
    doing: Doing


Touched = Literal["begun", "failed"]
"""A step has begun, so that its timeout counts; an attempt has failed, so that all of it does."""


class Labels:
    """The numbers of what time is spent on, and of the policies."""

    def __init__(self) -> None:
        self.spent: list[Spent] = []
        self._numbers: dict[Spent, int] = {}
        self._bits: dict[tuple[str, str, Touched], int] = {}

    def number(self, part: Part, doing: Doing) -> int:
        """The number of this one."""
        spent = Spent(part, doing)
        if spent not in self._numbers:
            self._numbers[spent] = len(self.spent)
            self.spent.append(spent)
        return self._numbers[spent]

    def bit(self, saga: str, step: str, touched: Touched) -> int:
        """The bit that says that a run has looked at this policy."""
        return self._bits.setdefault((saga, step, touched), 1 << len(self._bits))

    @property
    def bits(self) -> dict[tuple[str, str, Touched], int]:
        """All bits that have been given."""
        return self._bits
