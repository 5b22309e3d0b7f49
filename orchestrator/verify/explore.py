"""The exploration: breadth first, every situation that can be reached, each of them once.

A situation is visited again only with fewer adversities behind it than before, as only then it can
lead to something new. Two reductions, unless the bound says ``exact``: once there is an adversity
behind it, a situation is taken up to the exchange of branches that are alike (symmetry); once as
many are behind it as the bound allows, the branches of a parallel go on one after another (partial
order: with nothing else to happen between them, their steps commute; not so where something is
waited for, a child runs or a signal is held). Without adversities, and with fewer than the bound,
every order of every branch is explored.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from orchestrator.definition.nodes import Definition
from orchestrator.definition.table import Row
from orchestrator.engine.plan import PlannedStep
from orchestrator.verify import ends
from orchestrator.verify.adversities import ADVERSITIES, adversities
from orchestrator.verify.canonical import Canonical, Codes, Key
from orchestrator.verify.laws import ENDS, TABLE, Broken
from orchestrator.verify.move import Move
from orchestrator.verify.moves import OUTCOMES, benign, outcomes
from orchestrator.verify.subject import Subject
from orchestrator.verify.world import World

VERBS: Final = {**OUTCOMES, **ADVERSITIES}
DEPTH: Final = 2
STATES: Final = 1_000_000
_EVERY: Final = 1_000


class Bound(NamedTuple):
    """How far to go: adversities on one path, situations in all.

    ``exact``: without reductions, each of several like branches as itself, in every order.
    """

    depth: int = DEPTH
    states: int = STATES
    exact: bool = False


class Progress(NamedTuple):
    """How far the exploration is: situations found, explored (``done``) and waiting."""

    done: int
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
    """``twin``: a like one is explored, so that adversities would lead to nothing new."""

    parent: int
    move: Move
    cost: int
    twin: bool


def explore(
    definition: Definition, bound: Bound | None = None, report: Report | None = None
) -> Explored:
    """Explore a definition within a bound; ``report`` is called every thousand situations."""
    return Exploration(definition, bound or Bound()).run(report)


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
        self._nodes: list[_Node] = [_Node(-1, Move(""), 0, False)]
        self._good: list[int] = [-1]  # where each leads if all goes well from there on
        self._seen: dict[Key, int] = {}
        self._like: dict[Key, int] = {}
        self._queue: deque[tuple[int, World, Codes]] = deque([(0, World(self.subject), ())])
        self._moves = 0
        self._rows: set[int] = set()

    def run(self, report: Report | None) -> Explored:
        """Explore until nothing is left, the bound is reached, or a property breaks."""
        violation: Violation | None = None
        while self._queue and len(self._nodes) <= self.bound.states:
            index, world, codes = self._queue.popleft()
            try:
                self._expand(index, world, codes)
            except _Found as found:
                violation = found.violation
                break
            if report and index % _EVERY == 0:
                report(Progress(index, len(self._nodes), self._moves, len(self._queue)))
        exhausted = not self._queue and violation is None
        if exhausted:
            violation = self._never_ends() or self._never_reached()
        return Explored(
            self.subject,
            self.bound,
            len(self._nodes) - 1,
            self._moves,
            exhausted,
            violation,
            frozenset(self._rows),
        )

    def _expand(self, index: int, world: World, codes: Codes) -> None:
        node = self._nodes[index]
        usual = outcomes(world)
        if node.cost == self.bound.depth and node.cost and self._commute(world, usual):
            usual = [move for move in usual if move.step == usual[0].step]
        best = benign(usual)
        for move in usual:
            reached = self._go(index, world, codes, move)
            if move is best:
                self._good[index] = reached
        if node.cost < self.bound.depth and not node.twin:
            for move in adversities(world):
                self._go(index, world, codes, move)
        if best is None and world.begun.status not in ("completed", "failed", "needs_operator"):
            why = f"the saga is {world.begun.status}, and nothing can happen any more"
            raise _Found(Violation(ENDS, why, self._path(index)))

    def _commute(self, world: World, moves: list[Move]) -> bool:
        """Whether it is one in which order the steps go on that are out. It is not where something
        is waited for, a child runs or a signal is held: what is done then depends on whether the
        saga has turned before.
        """
        if self.bound.exact:
            return False
        subject = self.subject
        return subject.ordinary or not (
            world.begun.held
            or any(move.step in subject.waits or move.step in subject.children for move in moves)
        )

    def _go(self, index: int, world: World, codes: Codes, move: Move) -> int:
        twin = world.copy()
        self._moves += 1
        try:
            row = play(twin, move)
        except Broken as error:
            path = (*self._path(index), move)
            raise _Found(Violation(error.law, error.why, path)) from error
        if row is not None:
            self._rows.add(id(row))
        key = self._canonical.key(twin, world, codes)
        return self._reach(index, twin, key, move)

    def _reach(self, parent: int, world: World, key: Key, move: Move) -> int:
        cost = self._nodes[parent].cost + move.cost
        known = self._known(self._seen, key, cost)
        if known is not None:
            return known
        twin = False
        if not self.bound.exact:
            like = self._canonical.folded(key)
            known = self._known(self._like, like, cost)
            twin = known is not None
            if known is not None and cost:
                return known
            if not twin:
                self._like[like] = len(self._nodes)
        self._seen[key] = index = len(self._nodes)
        self._nodes.append(_Node(parent, move, cost, twin))
        self._good.append(-1)
        self._queue.append((index, world, key[1]))
        return index

    def _known(self, seen: dict[Key, int], key: Key, cost: int) -> int | None:
        """The node of the same situation, where it was reached with as few adversities."""
        known = seen.get(key)
        return known if known is not None and self._nodes[known].cost <= cost else None

    def _path(self, index: int) -> tuple[Move, ...]:
        return tuple(reversed(list(self._back(index))))

    def _back(self, index: int) -> Iterator[Move]:
        while index > 0:
            yield self._nodes[index].move
            index = self._nodes[index].parent

    def _never_reached(self) -> Violation | None:
        """A row of the table that stands for nothing. Where a step is asked without end, the rows
        in which it is given up are never reached, and that is right.
        """
        table = self.subject.table
        endless = (
            isinstance(one, PlannedStep) and not one.child and not one.step.retry.attempts
            for one in self.subject.steps
        )
        if not table.complete or any(endless):
            return None
        missing = [row for row in table.rows if id(row) not in self._rows]
        if not missing:
            return None
        told = ", ".join(
            f"{name} {came or 'not asked'}" for name, came in missing[0].outcomes.items()
        )
        return Violation(TABLE, f"this row is never reached: {told}", ())

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
