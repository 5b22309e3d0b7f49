"""What may come of one command (or of one wait), each with a weight and a duration."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Final, Literal, NamedTuple

import msgspec

from orchestrator.definition.nodes import Direction
from orchestrator.simulate.durations import Constant, Duration

Kind = Literal["works", "raises", "refuses", "hangs", "approves", "rejects"]
"""The first four are those of a command, the last two and ``hangs`` (nobody says anything) those of
a wait."""

NEVER_MS: Final = -1
"""The duration of what never comes."""


class Part(NamedTuple):
    """What is asked: a step of a saga, or its undo; a wait is one that is only done."""

    saga: str
    step: str
    direction: Direction

    def __str__(self) -> str:
        undo = ", undo" if self.direction == "undo" else ""
        return f"{self.saga}, {self.step}{undo}"


class Outcome(msgspec.Struct, frozen=True):
    """One thing that may come of it: how often in proportion to the others, after how long.

    ``code`` is that of a refusal. What hangs has no duration.
    """

    kind: Kind
    weight: float = 1.0
    duration: Duration | None = None
    code: str = ""


class Outcomes(msgspec.Struct, frozen=True):
    """All that may come of it; the weights are proportions, whatever they add up to."""

    all: tuple[Outcome, ...]

    def __iter__(self) -> Iterator[Outcome]:  # type: ignore[override]
        return iter(self.all)

    @property
    def total(self) -> float:
        """What the weights add up to."""
        return sum(one.weight for one in self.all)

    def share(self, kind: Kind) -> float:
        """How often it comes to that, from 0 to 1."""
        return sum(one.weight for one in self.all if one.kind == kind) / self.total

    def duration_of(self, kind: Kind, u: float) -> int:
        """The quantile of how long it takes where it comes to that; 0 where it never does.

        Several outcomes of a kind are taken as one whose quantile lies at the longest of theirs.
        """
        likely = [one for one in self.all if one.kind == kind and one.weight and one.duration]
        return max((one.duration.at(u) for one in likely if one.duration), default=0)


class Draws:
    """Draws outcomes: one uniform number decides which of them, and what is left of it how long."""

    __slots__ = ("_bounds", "_cases")

    def __init__(self, outcomes: Outcomes) -> None:
        total = outcomes.total
        likely = [(index, one) for index, one in enumerate(outcomes) if one.weight > 0]
        *inner, _ = accumulate(one.weight / total for _, one in likely)
        self._bounds = inner
        self._cases = [
            (index, one.duration and one.duration.at, low, one.weight / total)
            for (index, one), low in zip(likely, [0.0, *inner], strict=True)
        ]

    def draw(self, u: float) -> tuple[int, int]:
        """Which outcome (its index) and after how many milliseconds; NEVER_MS: it never comes."""
        index, law, low, share = self._cases[bisect_right(self._bounds, u)]
        if law is None:
            return index, NEVER_MS
        return index, law(min((u - low) / share, _BELOW_ONE))


_BELOW_ONE: Final = 1 - 2.0**-53


class Given(msgspec.Struct, frozen=True):
    """What may come of every part; ``otherwise`` is for parts that are not named, ``hop`` how long
    a message between two sagas takes.
    """

    parts: Mapping[Part, Outcomes]
    otherwise: Outcomes | None = None
    hop: Duration = Constant(0)

    def of(self, part: Part) -> Outcomes | None:
        """What may come of this one; None where nothing says so."""
        return self.parts.get(part, self.otherwise)


SILENT: Final = Outcomes((Outcome("hangs"),))
"""Nobody says anything: what becomes of a wait that is not named."""
