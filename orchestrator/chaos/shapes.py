"""Definitions drawn from the seed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from orchestrator.definition.nodes import Kind

DEFINITIONS: Final = 6
SIDES: Final = {"East": "chaos-east", "West": "chaos-west"}
BEFORE: Final = 5
"""Steps that may be undone, at most: the script has so many undos."""

TIMEOUTS_MS: Final = (500, 1_000, 2_000, 5_000)
PAUSES_MS: Final = (50, 200, 500)


@dataclass(frozen=True)
class Shape:
    """A step as drawn; ``attempts`` 0 is without end. ``must``: past the point of no return."""

    name: str
    kind: Kind
    side: str
    timeout_ms: int
    attempts: int
    pause_ms: int
    must: bool = False


Item = Shape | tuple[tuple[Shape, ...], ...]
"""A step, or the branches of a parallel."""


@dataclass(frozen=True)
class Drawn:
    """A definition as drawn."""

    name: str
    items: tuple[Item, ...]

    @property
    def steps(self) -> dict[str, Shape]:
        """Every step by name."""
        return {step.name: step for item in self.items for step in _steps(item)}


def _steps(item: Item) -> Iterator[Shape]:
    if isinstance(item, Shape):
        yield item
    else:
        for branch in item:
            yield from branch


def draw(seed: int, count: int = DEFINITIONS) -> list[Drawn]:
    """So many definitions: what can be undone, perhaps a pivot, what must succeed; some of it in
    parallel.
    """
    return [_draw(f"chaos-{n}", Random(f"{seed}/definition/{n}")) for n in range(1, count + 1)]


def _draw(name: str, dice: Random) -> Drawn:
    names = iter(f"s{n}" for n in range(1, 10))
    left = dice.randint(2, BEFORE)
    items: list[Item] = []
    while left > 0:
        if left >= 2 and dice.random() < 0.4:
            widths = [1] * min(left, dice.choice((2, 2, 3)))
            if sum(widths) < left and dice.random() < 0.5:
                widths[0] = 2
            items.append(tuple(tuple(_before(next(names), dice) for _ in range(w)) for w in widths))
            left -= sum(widths)
        else:
            items.append(_before(next(names), dice))
            left -= 1
    if dice.random() < 0.6:
        items.append(_shape(next(names), "pivot", dice, attempts=0))
        for _ in range(dice.randint(0, 1)):
            kind: Kind = dice.choice(("retriable", "retriable", "read"))
            items.append(_shape(next(names), kind, dice, attempts=0, must=True))
    elif dice.random() < 0.3:
        items.append(_shape(next(names), "retriable", dice, attempts=0, must=True))
    return Drawn(name, tuple(items))


def _before(name: str, dice: Random) -> Shape:
    kind: Kind = "read" if dice.random() < 0.2 else "compensatable"
    return _shape(name, kind, dice, attempts=dice.choice((2, 3, 3, 4)))


def _shape(name: str, kind: Kind, dice: Random, *, attempts: int, must: bool = False) -> Shape:
    side = dice.choice(tuple(SIDES))
    timeout, pause = dice.choice(TIMEOUTS_MS), dice.choice(PAUSES_MS)
    return Shape(name, kind, side, timeout, attempts, pause, must)
