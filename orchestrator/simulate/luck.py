"""What chance decides, for many runs at once: the outcome of every attempt of every part.

The luck of an attempt depends on the seed, the run, the part, its round and its attempt, and on
nothing else. So every variant of a definition meets the same luck, and where two of them differ,
the policies make the difference (common random numbers: Law, Simulation Modeling and Analysis,
11.2).
"""

from collections.abc import Mapping
from random import Random
from typing import Final

from orchestrator.simulate.outcomes import Draws, Part

BLOCK: Final = 500
"""How many runs are drawn together. It is part of what a seed means."""

Drawn = tuple[int, int]
"""Which outcome, and after how many milliseconds."""


class Column:
    """What becomes of one attempt in each run of the block; worked out when it is asked for."""

    __slots__ = ("drawn", "_chance", "_draw")

    def __init__(self, draws: Draws, chance: list[float]) -> None:
        self.drawn: list[Drawn | None] = [None] * len(chance)
        self._chance = chance
        self._draw = draws.draw

    def draw(self, number: int) -> Drawn:
        """What becomes of it in this run."""
        drawn = self.drawn[number] = self._draw(self._chance[number])
        return drawn


class Luck:
    """The luck of one block of runs; a column is made when it is first asked for."""

    def __init__(self, seed: int, block: int, draws: Mapping[Part, Draws], size: int) -> None:
        self._name = f"{seed}/{block}"
        self._draws = draws
        self._size = size
        self._columns: dict[tuple[Part, int, int], Column] = {}

    def column(self, part: Part, number: int, attempt: int) -> Column:
        """What becomes of this attempt of this round, in each run."""
        place = (part, number, attempt)
        found = self._columns.get(place)
        if found is None:
            # A text is hashed with SHA-512 into the state of the generator, on every Python alike.
            uniform = Random("/".join([self._name, *part, str(number), str(attempt)])).random
            chance = [uniform() for _ in range(self._size)]
            found = self._columns[place] = Column(self._draws[part], chance)
        return found
