"""Which knobs reach a target together, and how mildly they can then be turned.

The sets of knobs are tried from the smallest on. In each set the share that is done in time is
driven up, a knob at a time, from where it stands and from the hard end (coordinate ascent); a set
that reaches the target is turned back as far as the target holds. The same luck is used throughout,
so that a difference is not noise; what is found is confirmed with other luck.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import sqrt
from typing import Final

from orchestrator.simulate.cast import Family
from orchestrator.simulate.crew import Crew, Task
from orchestrator.simulate.knobs import Knob, Turn, turned
from orchestrator.simulate.levels import SEARCHED, Levels
from orchestrator.simulate.luck import BLOCK
from orchestrator.simulate.tally import Tally

Point = tuple[int, ...]
"""A level for each of SEARCHED, in that order."""

FIRST: Final = 500
"""So many runs show whether a point is anywhere near the target."""
CLOSE: Final = 4_000
"""So many more decide it where it is, and say how far the best point falls short."""
SAFETY: Final = 2.0
"""A point reaches the target when it lies so many standard errors above."""
_ROUNDS: Final = 4
_STRIDE: Final = 2
"""On the way up every second level will do; on the way back each is tried."""


class Hill:
    """Points and what they come to: each is played once."""

    def __init__(self, crew: Crew, family: Family, levels: Levels, target: float) -> None:
        self._crew = crew
        self._family = family
        self._target = target
        self.levels = levels
        self._tallies: dict[Point, Tally] = {}

    def turns(self, point: Point) -> list[Turn]:
        """What is turned at this point."""
        found: list[Turn] = []
        for knob, level in zip(SEARCHED, point, strict=True):
            found += self.levels.turns(knob, level)
        return found

    def look(self, points: Iterable[Point]) -> None:
        """Play these points, those near the target more often."""
        self._play([point for point in dict.fromkeys(points) if point not in self._tallies])

    def tally(self, point: Point) -> Tally:
        """What this point comes to."""
        self.look([point])
        return self._tallies[point]

    def share(self, point: Point) -> float:
        """How often it is done in time there."""
        return self.tally(point).share

    def reaches(self, point: Point) -> bool:
        """Whether that is the target, with some safety."""
        tally = self.tally(point)
        error = sqrt(max(tally.share * (1 - tally.share), 1 / tally.runs) / tally.runs)
        return tally.share - SAFETY * error >= self._target

    def _play(self, points: Sequence[Point]) -> None:
        families = [turned(self._family, self.turns(point)) for point in points]
        tallies = self._crew.play([Task(family, 0, FIRST, quick=True) for family in families])
        self._tallies |= dict(zip(points, tallies, strict=True))
        near = self._target - 4 * sqrt(self._target * (1 - self._target) / FIRST)
        self.settle(
            point for point, tally in zip(points, tallies, strict=True) if tally.share > near
        )

    def settle(self, points: Iterable[Point]) -> None:
        """Play these points more often, where that has not been done."""
        again = [point for point in points if self.tally(point).runs == FIRST]
        tasks = [
            Task(turned(self._family, self.turns(point)), FIRST // BLOCK, CLOSE, quick=True)
            for point in again
        ]
        for point, more in zip(again, self._crew.play(tasks), strict=True):
            self._tallies[point].add(more)


def climb(hill: Hill, knobs: Sequence[Knob]) -> Point:
    """The best point that these knobs come to."""
    places = [SEARCHED.index(knob) for knob in knobs]
    mild: Point = (0,) * len(SEARCHED)
    hard = _with(mild, {place: hill.levels.count(SEARCHED[place]) - 1 for place in places})
    top = max((_ascend(hill, start, places) for start in (mild, hard)), key=hill.share)
    hill.settle([top])
    return top


def _ascend(hill: Hill, start: Point, places: Sequence[int]) -> Point:
    best = start
    for _ in range(_ROUNDS):
        before = best
        for place in places:
            last = hill.levels.count(SEARCHED[place]) - 1
            levels = sorted({*range(0, last, _STRIDE), last})
            line = [_with(best, {place: level}) for level in levels]
            hill.look(line)
            best = max([best, *line], key=hill.share)
        if best == before:
            break
    return best


def relax(hill: Hill, point: Point) -> Point:
    """Turn back what need not be turned so far: a level at a time, the hardest knob first."""
    best = point
    while True:
        milder = [_with(best, {place: level - 1}) for place, level in enumerate(best) if level > 0]
        hill.look(milder)
        holding = [one for one in milder if hill.reaches(one)]
        if not holding:
            return best
        best = max(holding, key=lambda one: (_hardness(hill, best, one), hill.share(one)))


def _hardness(hill: Hill, before: Point, after: Point) -> float:
    """How far a knob is turned that is turned back here, as a part of how far it can be."""
    place = next(n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new)
    return before[place] / (hill.levels.count(SEARCHED[place]) - 1)


def sets(knobs: Sequence[Knob]) -> list[list[tuple[Knob, ...]]]:
    """The sets of knobs by size, the smallest first."""
    return [list(combinations(knobs, size)) for size in range(1, len(knobs) + 1)]


def _with(point: Point, levels: dict[int, int]) -> Point:
    return tuple(levels.get(place, level) for place, level in enumerate(point))
