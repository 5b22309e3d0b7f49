"""Definitions drawn from the seed. Pure.

What else than steps each has follows from its number, so that every run has all of it: waits,
changes, deadlines, and children, with a point of no return of their own and without.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, NamedTuple

from orchestrator.definition.nodes import Kind

DEFINITIONS: Final = 6
SIDES: Final = {"East": "chaos-east", "West": "chaos-west"}
BEFORE: Final = 5
"""Steps that may be undone, at most: the script has so many undos."""
KID: Final = "kid"
"""The step at which another saga runs."""
WAIT: Final = "w"

TIMEOUTS_MS: Final = (500, 1_000, 2_000, 5_000)
PAUSES_MS: Final = (50, 200, 500)
WAITS_MS: Final = (800, 2_000, 5_000)
ASKED_AGAIN_MS: Final = (1_500, 4_000)
DEADLINES_S: Final = (8, 20)


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


@dataclass(frozen=True)
class Waiting:
    """A wait for a yes: when its time is over it is done, or refused."""

    name: str
    timeout_ms: int
    expires: Literal["done", "refused"]


@dataclass(frozen=True)
class Errand:
    """A saga within the saga, of one side; ``timeout_ms``: when it is asked for again."""

    name: str
    saga: "Drawn"
    kind: Literal["compensatable", "pivot"]
    side: str
    timeout_ms: int


Leaf = Shape | Waiting | Errand
Item = Leaf | tuple[tuple[Shape, ...], ...]
"""A step, or the branches of a parallel."""


@dataclass(frozen=True)
class Drawn:
    """A definition as drawn; ``redo``: the step until which the amount may be changed, empty where
    it may not; ``deadline_s`` 0: it has none.
    """

    name: str
    items: tuple[Item, ...]
    redo: str = ""
    deadline_s: int = 0

    @property
    def steps(self) -> dict[str, Shape]:
        """Every step of a participant's by name."""
        return {one.name: one for one in self._leaves() if isinstance(one, Shape)}

    @property
    def wait(self) -> Waiting | None:
        """Its wait, if it has one."""
        return next((one for one in self.items if isinstance(one, Waiting)), None)

    @property
    def errand(self) -> Errand | None:
        """The step at which another saga runs, if it has one."""
        return next((one for one in self.items if isinstance(one, Errand)), None)

    def _leaves(self) -> Iterator[Leaf]:
        for item in self.items:
            if isinstance(item, tuple):
                for branch in item:
                    yield from branch
            else:
                yield item


class _Extras(NamedTuple):
    """What else a definition has."""

    wait: bool = False
    kid: Literal["compensatable", "pivot", ""] = ""
    change: bool = False
    deadline: bool = False


_EXTRAS: Final = (
    _Extras(wait=True),
    _Extras(kid="pivot", change=True),
    _Extras(kid="compensatable", deadline=True),
    _Extras(change=True, deadline=True),
    _Extras(wait=True, kid="pivot", change=True, deadline=True),
    _Extras(wait=True, kid="compensatable", change=True),
)


def draw(seed: int, count: int = DEFINITIONS) -> list[Drawn]:
    """So many definitions: what can be undone, perhaps a pivot, what must succeed; some of it in
    parallel.
    """
    return [
        _draw(f"chaos-{n}", Random(f"{seed}/definition/{n}"), _EXTRAS[(n - 1) % len(_EXTRAS)])
        for n in range(1, count + 1)
    ]


def _draw(name: str, dice: Random, extras: _Extras) -> Drawn:
    names = iter(f"s{n}" for n in range(1, 10))
    items = list(_before_items(names, dice, dice.randint(2, BEFORE - bool(extras.kid))))
    kid = _errand(f"{name}-kid", dice, extras) if extras.kid else None
    if extras.wait:
        items.insert(dice.randint(0, len(items)), _waiting(dice))
    if kid is not None and kid.kind == "compensatable":
        items.insert(dice.randint(0, len(items)), kid)
    if kid is not None and kid.kind == "pivot":
        items += [kid, *_after(names, dice)]
    elif dice.random() < 0.6:
        items += [_shape(next(names), "pivot", dice, attempts=0), *_after(names, dice)]
    elif dice.random() < 0.3:
        items.append(_shape(next(names), "retriable", dice, attempts=0, must=True))
    redo = _redo(items, kid, dice) if extras.change else ""
    return Drawn(name, tuple(items), redo, dice.choice(DEADLINES_S) if extras.deadline else 0)


def _before_items(names: Iterator[str], dice: Random, left: int) -> Iterator[Item]:
    while left > 0:
        if left >= 2 and dice.random() < 0.4:
            widths = [1] * min(left, dice.choice((2, 2, 3)))
            if sum(widths) < left and dice.random() < 0.5:
                widths[0] = 2
            yield tuple(tuple(_some(names, dice, width)) for width in widths)
            left -= sum(widths)
        else:
            yield from _some(names, dice, 1)
            left -= 1


def _some(names: Iterator[str], dice: Random, count: int) -> list[Shape]:
    return [_before(next(names), dice) for _ in range(count)]


def _after(names: Iterator[str], dice: Random) -> list[Shape]:
    kinds: tuple[Kind, ...] = ("retriable", "retriable", "read")
    return [
        _shape(next(names), dice.choice(kinds), dice, attempts=0, must=True)
        for _ in range(dice.randint(0, 1))
    ]


def _waiting(dice: Random) -> Waiting:
    expires: Literal["done", "refused"] = "done" if dice.random() < 0.6 else "refused"
    return Waiting(WAIT, dice.choice(WAITS_MS), expires)


def _errand(name: str, dice: Random, extras: _Extras) -> Errand:
    """A saga of two or three steps on one side: all of it can be taken back there in one go."""
    side = dice.choice(tuple(SIDES))
    items = [_shape("s1", "compensatable", dice, attempts=3, side=side)]
    kind: Literal["compensatable", "pivot"] = "compensatable"
    if extras.kid == "pivot":
        kind = "pivot"
        items.append(_shape("s2", "pivot", dice, attempts=0, side=side))
        if dice.random() < 0.5:
            items.append(_shape("s3", "retriable", dice, attempts=0, must=True, side=side))
    elif dice.random() < 0.7:
        items.append(_shape("s2", "compensatable", dice, attempts=3, side=side))
    saga = Drawn(name, tuple(items), "s1" if extras.change else "")
    return Errand(KID, saga, kind, side, dice.choice(ASKED_AGAIN_MS))


def _redo(items: list[Item], kid: Errand | None, dice: Random) -> str:
    """The child, or a step that can be undone and is filled with the amount."""
    if kid is not None:
        return kid.name
    steps = Drawn("", tuple(items)).steps.values()
    return dice.choice([one.name for one in steps if one.kind == "compensatable"] or [""])


def _before(name: str, dice: Random) -> Shape:
    kind: Kind = "read" if dice.random() < 0.2 else "compensatable"
    return _shape(name, kind, dice, attempts=dice.choice((2, 3, 3, 4)))


def _shape(
    name: str, kind: Kind, dice: Random, *, attempts: int, must: bool = False, side: str = ""
) -> Shape:
    side = side or dice.choice(tuple(SIDES))
    timeout, pause = dice.choice(TIMEOUTS_MS), dice.choice(PAUSES_MS)
    return Shape(name, kind, side, timeout, attempts, pause, must)
