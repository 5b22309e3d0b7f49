"""Every small world of a scope, by breadth: so the first that is wrong is a shortest way there.

A world is what all share and one state of each process. Three things keep this small, and lose no
behaviour:

- *Symmetry.* Processes differ in nothing but their state, so worlds that only exchange them are
  one: their states are kept in order.
- *Moves are local.* A step is a function of the shared part and one process. It is worked out once
  for each such pair (there are few), not once for each world (there are many).
- What is *done at once* in ``moves``, with the reasons there.

Whether all is well in the end is asked of the same graph: without any further trouble, each world
must be able to reach one where the partition is owned, and every input decided and sent. The graph
is finite, so that is where every fair future without trouble comes to.
"""

from array import array
from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple

from tests.property.runtime import truths
from tests.property.runtime.moves import moves, power_cuts
from tests.property.runtime.small_world import Owner, Scope, Shared

_BITS = 24
_MASK = (1 << _BITS) - 1


class Found(NamedTuple):
    """What an exploration showed. ``path`` leads to what is wrong, which is its last line."""

    worlds: int
    steps: int
    path: list[str]

    def __str__(self) -> str:
        head = f"{self.worlds:,} worlds, {self.steps:,} steps"
        return "\n  ".join([f"{head}: {'WRONG' if self.path else 'all holds'}", *self.path])


class _Pair(NamedTuple):
    """What all share and one process: what is wrong, what comes next as (trouble, shared, owner)
    numbers, and whether this process is where it should be, or at least quiet.
    """

    wrong: str
    next: tuple[tuple[bool, int, int], ...]
    arrived: bool
    quiet: bool


class _Numbers:
    """Values and their numbers."""

    def __init__(self) -> None:
        self.values: list[Hashable] = []
        self._numbers: dict[Hashable, int] = {}

    def of(self, value: Hashable) -> int:
        """The number of a value, a new one if need be."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number


class Exploration:
    """All worlds of a scope. ``told`` hears now and then how many there are so far."""

    def __init__(
        self,
        scope: Scope,
        limit: int = 20_000_000,
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._scope = scope
        self._limit = limit
        self._told = told
        self._shared = _Numbers()
        self._owners = _Numbers()
        self._pairs: dict[int, _Pair] = {}
        self._worlds: list[int] = []  # in the order in which they were found
        self._found: dict[int, int] = {}  # the places of the worlds in that order
        self._before = array("L")  # from which one each was first reached
        self._ways = array("L")  # steps without trouble: to which they lead, ...
        self._starts = array("Q")  # ... and where those of each world begin
        self._arrived = bytearray()

    def run(self) -> Found:
        """Explore until nothing is new, or something is wrong."""
        start = [self._owners.of(Owner())] * self._scope.owners
        self._place(self._world(self._shared.of(Shared()), start), 0)
        steps = 0
        for place, world in enumerate(self._worlds):
            wrong, ways = self._visit(world)
            if wrong:
                return Found(len(self._worlds), steps, [*self._path(place), wrong])
            self._starts.append(len(self._ways))
            steps += len(ways)
            for trouble, following in ways:
                to = self._place(following, place)
                if not trouble:
                    self._ways.append(to)
            if len(self._worlds) > self._limit:
                why = f"not exhausted: more than {self._limit:,} worlds"
                return Found(len(self._worlds), steps, [why])
            if place % 100_000 == 99_999:
                self._told(len(self._worlds))
        self._starts.append(len(self._ways))
        stuck = self._stuck()
        if stuck is not None:
            path = [*self._path(stuck), "from here on, not all is decided and sent any more"]
            return Found(len(self._worlds), steps, path)
        return Found(len(self._worlds), steps, [])

    def _place(self, world: int, before: int) -> int:
        """The place of a world; a new one is put at the end."""
        place = self._found.get(world)
        if place is None:
            place = self._found[world] = len(self._worlds)
            self._worlds.append(world)
            self._before.append(before)
        return place

    def met(self) -> Iterator[tuple[Shared, Owner]]:
        """What all share and one process, wherever these met."""
        for key in self._pairs:
            yield self._shared.values[key >> _BITS], self._owners.values[key & _MASK]

    # --------------------------------------------------------------------------------- one world

    def _world(self, shared: int, owners: list[int]) -> int:
        world = shared
        for number in sorted(owners):
            world = world << _BITS | number
        return world

    def _parts(self, world: int) -> tuple[int, list[int]]:
        owners = list[int]()
        for _ in range(self._scope.owners):
            owners.append(world & _MASK)
            world >>= _BITS
        return world, owners

    def _visit(self, world: int) -> tuple[str, list[tuple[bool, int]]]:
        shared, owners = self._parts(world)
        pairs = [self._pair(shared, owner) for owner in owners]
        wrong = next((pair.wrong for pair in pairs if pair.wrong), "")
        if self._scope.lossy and not wrong:
            files = [self._owners.values[owner].file for owner in owners]
            wrong = truths.wrong_together(self._scope, self._shared.values[shared], files)
        self._arrived.append(any(p.arrived for p in pairs) and all(p.quiet for p in pairs))
        ways = list[tuple[bool, int]]()
        done = set[int]()
        for place, (owner, pair) in enumerate(zip(owners, pairs, strict=True)):
            if owner in done:
                continue
            done.add(owner)
            others = [*owners[:place], *owners[place + 1 :]]
            ways += [(bad, self._world(to, [*others, changed])) for bad, to, changed in pair.next]
        for _, after, changed in self._cuts(shared, owners):
            ways.append((True, self._world(after, changed)))
        return wrong, ways

    def _pair(self, shared: int, owner: int) -> _Pair:
        key = shared << _BITS | owner
        found = self._pairs.get(key)
        if found is None:
            found = self._pairs[key] = self._work_out(shared, owner)
        return found

    def _work_out(self, shared: int, owner: int) -> _Pair:
        one, other, scope = self._shared.values[shared], self._owners.values[owner], self._scope
        wrong, following = truths.wrong(scope, one, other), list[tuple[bool, int, int]]()
        for move in moves(scope, one, other):
            if move.broken:
                wrong = wrong or f"{move.label}: {move.broken}"
            to = self._shared.of(move.shared), self._owners.of(move.owner)
            if to != (shared, owner):
                following.append((move.trouble, *to))
        return _Pair(
            wrong, tuple(following), truths.arrived(scope, one, other), truths.quiet(other)
        )

    def _cuts(self, shared: int, owners: list[int]) -> Iterator[tuple[str, int, list[int]]]:
        if self._scope.losses:
            values = [self._owners.values[owner] for owner in owners]
            for label, after, changed in power_cuts(
                self._scope, self._shared.values[shared], values
            ):
                yield label, self._shared.of(after), [self._owners.of(one) for one in changed]

    # ----------------------------------------------------------------------------------- in the end

    def _stuck(self) -> int | None:
        """The first world from which no way without trouble leads to where all is done."""
        good, ways, starts = self._arrived, self._ways, self._starts
        changed = True
        while changed:  # steps mostly lead to worlds that were found later, so few rounds do
            changed = False
            for place in range(len(good) - 1, -1, -1):
                following = ways[starts[place] : starts[place + 1]]
                if not good[place] and any(good[way] for way in following):
                    good[place] = changed = True
        bad = good.find(0)
        return None if bad < 0 else bad

    # ----------------------------------------------------------------------------- a way for people

    def _path(self, place: int) -> list[str]:
        labels = list[str]()
        while place:
            before = self._before[place]
            labels.append(self._label(self._worlds[before], self._worlds[place]))
            place = before
        return labels[::-1]

    def _label(self, before: int, after: int) -> str:
        shared, owners = self._parts(before)
        one = self._shared.values[shared]
        for place, owner in enumerate(owners):
            others = [*owners[:place], *owners[place + 1 :]]
            for move in moves(self._scope, one, self._owners.values[owner]):
                to = self._shared.of(move.shared), self._owners.of(move.owner)
                if self._world(to[0], [*others, to[1]]) == after:
                    who = self._owners.values[owner]
                    return f"{who.own.epoch or who.own.phase}: {move.label}"
        for label, to_shared, changed in self._cuts(shared, owners):
            if self._world(to_shared, changed) == after:
                return label
        raise AssertionError("no step leads there")
