"""The exploration: breadth first, every situation that can be reached, each of them once.

A situation is visited again only with fewer adversities behind it than before, as only then it can
lead to something new. Situations at the full depth are taken up to the exchange of branches that
are alike, so that a mistake in the place of a branch is found with one adversity less.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from orchestrator.definition.nodes import Definition
from orchestrator.definition.table import Row
from orchestrator.verify import ends
from orchestrator.verify.adversities import ADVERSITIES, adversities
from orchestrator.verify.canonical import Canonical, Key
from orchestrator.verify.laws import ENDS, Broken
from orchestrator.verify.moves import OUTCOMES, Move, benign, outcomes
from orchestrator.verify.subject import Subject
from orchestrator.verify.world import World

VERBS: Final = {**OUTCOMES, **ADVERSITIES}
DEPTH: Final = 2
STATES: Final = 1_000_000
_EVERY: Final = 1_000


class Bound(NamedTuple):
    """How far to go: adversities on one path, situations in all."""

    depth: int = DEPTH
    states: int = STATES


class Progress(NamedTuple):
    """How far the exploration is."""

    states: int
    moves: int
    waiting: int


class Violation(NamedTuple):
    """A property that does not hold, and the shortest path to where it breaks."""

    law: str
    why: str
    path: tuple[Move, ...]


class Explored(NamedTuple):
    """What was found. ``rows`` are the rows of the table that were reached."""

    subject: Subject
    bound: Bound
    states: int
    moves: int
    exhausted: bool
    violation: Violation | None
    rows: frozenset[int]

    @property
    def holds(self) -> bool:
        """Whether every situation was explored, and every property holds."""
        return self.exhausted and self.violation is None


Report = Callable[[Progress], None]


class _Node(NamedTuple):
    parent: int
    move: Move
    cost: int


def explore(
    definition: Definition, bound: Bound = Bound(), report: Report | None = None
) -> Explored:
    """Explore a definition within a bound; ``report`` is called every thousand situations."""
    return Exploration(definition, bound).run(report)


def play(world: World, move: Move) -> Row | None:
    """Make a move and check where it leads; returns the row of the table where one is reached.

    Raises Broken.
    """
    VERBS[move.verb][0](world, move)
    return ends.agree(world)


class Exploration:
    """One run over one definition."""

    def __init__(self, definition: Definition, bound: Bound) -> None:
        self.subject = Subject(definition)
        self.bound = bound
        self._canonical = Canonical(self.subject.plan)
        self._nodes: list[_Node] = [_Node(-1, Move(""), 0)]
        self._good: list[int] = [-1]  # where each leads if all goes well from there on
        self._seen: dict[Key, int] = {}
        self._like: dict[Key, int] = {}
        self._queue: deque[tuple[int, World]] = deque([(0, World(self.subject))])
        self._moves = 0
        self._rows: set[int] = set()

    def run(self, report: Report | None) -> Explored:
        """Explore until nothing is left, the bound is reached, or a property breaks."""
        violation: Violation | None = None
        while self._queue and len(self._nodes) <= self.bound.states:
            index, world = self._queue.popleft()
            try:
                self._expand(index, world)
            except _Found as found:
                violation = found.violation
                break
            if report and index % _EVERY == 0:
                report(Progress(len(self._nodes), self._moves, len(self._queue)))
        exhausted = not self._queue and violation is None
        if exhausted:
            violation = self._never_ends()
        return Explored(
            self.subject,
            self.bound,
            len(self._nodes) - 1,
            self._moves,
            exhausted,
            violation,
            frozenset(self._rows),
        )

    def _expand(self, index: int, world: World) -> None:
        usual = outcomes(world)
        best = benign(usual)
        for move in usual:
            reached = self._go(index, world, move)
            if move is best:
                self._good[index] = reached
        if self._nodes[index].cost < self.bound.depth:
            for move in adversities(world):
                self._go(index, world, move)
        if best is None and world.begun.status not in ("completed", "failed", "needs_operator"):
            why = f"the saga is {world.begun.status}, and nothing can happen any more"
            raise _Found(Violation(ENDS, why, self._path(index)))

    def _go(self, index: int, world: World, move: Move) -> int:
        twin = world.copy()
        self._moves += 1
        try:
            row = play(twin, move)
        except Broken as error:
            path = (*self._path(index), move)
            raise _Found(Violation(error.law, error.why, path)) from error
        if row is not None:
            self._rows.add(id(row))
        return self._reach(index, twin, move)

    def _reach(self, parent: int, world: World, move: Move) -> int:
        cost = self._nodes[parent].cost + move.cost
        key = self._canonical.key(world)
        known = self._seen.get(key)
        if known is not None and self._nodes[known].cost <= cost:
            return known
        like = self._canonical.folded(key)
        if cost == self.bound.depth and cost > 1:
            known = self._like.get(like)
            if known is not None:
                return known
        index = len(self._nodes)
        self._seen[key] = index
        self._like.setdefault(like, index)
        self._nodes.append(_Node(parent, move, cost))
        self._good.append(-1)
        self._queue.append((index, world))
        return index

    def _path(self, index: int) -> tuple[Move, ...]:
        return tuple(reversed(list(self._back(index))))

    def _back(self, index: int) -> Iterator[Move]:
        while index > 0:
            yield self._nodes[index].move
            index = self._nodes[index].parent

    def _never_ends(self) -> Violation | None:
        """A situation from which even a world in which all goes well leads round and round."""
        ends_well = [good == -1 for good in self._good]
        for start in range(len(self._good)):
            trail: list[int] = []
            on_trail: set[int] = set()
            index = start
            while not ends_well[index]:
                if index in on_trail:
                    why = "though everybody answers from here on, it goes round and round"
                    return Violation(ENDS, why, self._path(start))
                on_trail.add(index)
                trail.append(index)
                index = self._good[index]
            for passed in trail:
                ends_well[passed] = True
        return None


class _Found(Exception):
    """A violation was found."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation.why)
        self.violation = violation
