"""Which step comes before which: what a message can know when it is filled."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from orchestrator.definition.nodes import Node, Parallel

Position = tuple[int, ...]
"""Index in a sequence, index of a branch, index in its sequence, and so on."""

Relation = Literal["itself", "earlier", "later", "beside"]


def positions(body: Iterable[Node]) -> dict[str, Position]:
    """Where each step stands, by name."""
    return dict(_walk(body, ()))


def _walk(nodes: Iterable[Node], prefix: Position) -> Iterator[tuple[str, Position]]:
    for index, node in enumerate(nodes):
        if not isinstance(node, Parallel):
            yield node.name, (*prefix, index)
            continue
        for number, branch in enumerate(node.branches):
            yield from _walk(branch, (*prefix, index, number))


def relation(other: Position, here: Position) -> Relation:
    """How the other step stands to the one here."""
    for depth, (there, mine) in enumerate(zip(other, here, strict=False)):
        if there != mine:
            if depth % 2:
                return "beside"
            return "earlier" if there < mine else "later"
    return "itself"


def before(name: str, places: Mapping[str, Position]) -> frozenset[str]:
    """The steps that are done when this one begins."""
    here = places[name]
    return frozenset(n for n, place in places.items() if relation(place, here) == "earlier")
