"""Every way in which a saga can go: the combinations of what its steps come to.

A step succeeds, is refused (where its command declares refusals), or its outcome stays unknown;
that of a wait or of a child never does. In a parallel every combination is possible; a branch of
several steps may also have stopped on its way because another one failed (DESIGN law 6).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final, Literal

from orchestrator.definition.nodes import Definition, Node, Parallel, Wait
from orchestrator.definition.tree import steps_of

Outcome = Literal["success", "refused", "unknown", ""]
End = Literal["full", "stopped", "failed", "stuck"]

MOST: Final = 4096
"""Of a parallel with more combinations only those are listed in which at most one branch fails."""


@dataclass(frozen=True)
class Way:
    """One way: the outcome of each step that was asked, and how it ended."""

    outcomes: tuple[tuple[str, Outcome], ...]
    end: End


def ways(definition: Definition) -> list[Way]:
    """Every way in which a saga of this definition can go."""
    # Only what failed beside it stops a branch, and beside the whole saga there is nothing.
    return [way for way in _sequence(definition.body, False) if way.end != "stopped"]


def is_complete(nodes: Iterable[Node]) -> bool:
    """Whether every combination is listed (see MOST)."""
    return all(
        _combinations(node) <= MOST and all(is_complete(branch) for branch in node.branches)
        for node in nodes
        if isinstance(node, Parallel)
    )


def _combinations(node: Parallel) -> int:
    # An upper bound: each step fails in two ways, and each branch stops after each of its steps.
    return prod(3 * sum(1 for _ in steps_of(branch)) for branch in node.branches)


def _sequence(nodes: tuple[Node, ...], committed: bool) -> list[Way]:
    """The ways of a branch, the one in which all succeeds first."""
    before: tuple[tuple[str, Outcome], ...] = ()
    ended: list[Way] = []
    for index, node in enumerate(nodes):
        # A command that is out comes to its outcome; what is only waited for is dropped.
        if (index or isinstance(node, Wait)) and not committed:
            ended.append(Way(before, "stopped"))
        success, *others = _node(node, committed)
        ended.extend(Way(before + way.outcomes, way.end) for way in others)
        before += success.outcomes
        committed = committed or any(s.kind in ("pivot", "retriable") for s in steps_of([node]))
    return [Way(before, "full"), *ended]


def _node(node: Node, committed: bool) -> list[Way]:
    """The ways of a node, success first."""
    if isinstance(node, Parallel):
        branches = [_sequence(branch, committed) for branch in node.branches]
        every = _combinations(node) <= MOST
        waits = {leaf.name for leaf in steps_of([node]) if isinstance(leaf, Wait)}
        combined = map(_together, product(*branches) if every else _one_fails(branches))
        return [way for way in combined if _possible(way, waits)]
    must = node.kind == "retriable" or (committed and node.kind == "read")
    found = [Way(((node.name, "success"),), "full")]
    if node.refusals:
        found.append(Way(((node.name, "refused"),), "stuck" if must else "failed"))
    if isinstance(node, Wait) or node.child:
        return found
    stuck = must or node.kind == "pivot"
    found.append(Way(((node.name, "unknown"),), "stuck" if stuck else "failed"))
    return found


def _possible(way: Way, waits: set[str]) -> bool:
    """Once a wait is refused nothing is waited for any more: no other one is refused, too."""
    return sum(1 for name, came in way.outcomes if came == "refused" and name in waits) <= 1


def _one_fails(branches: list[list[Way]]) -> Iterator[tuple[Way, ...]]:
    successes = [branch[0] for branch in branches]
    yield tuple(successes)
    for index, branch in enumerate(branches):
        for way in branch[1:]:
            yield (*successes[:index], way, *successes[index + 1 :])


def _together(ways_of_branches: tuple[Way, ...]) -> Way:
    ends: set[End] = {way.end for way in ways_of_branches}
    end = min(ends, key=_WORST_FIRST.index)
    return Way(tuple(outcome for way in ways_of_branches for outcome in way.outcomes), end)


_WORST_FIRST: Final[tuple[End, ...]] = ("failed", "stuck", "stopped", "full")
