"""A saga within a saga: what it means to the one that waits for it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from contracts.topics import REQUESTS
from orchestrator.definition.compiled import Saga
from orchestrator.definition.compiling.contract import Contract, schema_of, written
from orchestrator.definition.compiling.declarations import name_of
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import (
    NO_ANSWER,
    REJECTED,
    REJECTED_STATUS,
    Call,
    Kind,
    Leaf,
    Node,
    Retry,
    Wait,
)
from orchestrator.definition.tree import steps_of

ANYWAY: Final[Mapping[str, int]] = {
    "invalid_input": 422,
    "no_answer": NO_ANSWER,
    "cancelled": 409,
    "deadline_exceeded": NO_ANSWER,
}
"""How a child may fail whatever its steps are: the codes and statuses of the engine, and that of a
start whose input is of the right types and yet not what its contract allows.
"""

FOR_EVER: Final = Retry(attempts=0, initial_ms=1_000, maximum_ms=60_000)
"""A child is asked for until it has ended."""


def check_child(place: str, parent: str, given: object) -> Saga:
    """The saga that runs as a step; raises DefinitionError unless it is one, and another one."""
    if not isinstance(given, Saga):
        raise DefinitionError(
            place,
            f"{name_of(given)} is not a saga",
            "Name what saga(...).then(...).ends(...) gives",
        )
    path = _path_to(parent, given)
    if path:
        raise DefinitionError(
            place,
            f"the saga would run within itself: {' > '.join([parent, *path])}",
            "Give one of the two another name, or let the inner one do without the outer",
        )
    return given


def _path_to(name: str, saga: Saga) -> list[str]:
    """The names from this saga down to one called so; empty where there is none."""
    if saga.name == name:
        return [saga.name]
    for below in saga.children.values():
        path = _path_to(name, below)
        if path:
            return [saga.name, *path]
    return []


def kind_of(saga: Saga) -> Kind:
    """What the whole saga is to its parent."""
    kinds = {leaf.kind for leaf in steps_of(saga.definition.body)}
    if kinds & {"pivot", "retriable"}:
        return "pivot"
    return "compensatable" if "compensatable" in kinds else "read"


def call_of(place: str, saga: Saga) -> Call:
    """The start of the saga, its fields still empty."""
    result = schema_of(place, saga.result, "serialization") if saga.result else {}
    return Call(saga.name, REQUESTS, {}, tuple(sorted(result.get("required", ()))))


def reply_of(place: str, saga: Saga) -> Contract:
    """What its parent is answered with."""
    if saga.result is None:
        return Contract(f"the saga {saga.name}", {}, frozenset())
    return written(place, saga.result)


def refusals_of(saga: Saga) -> dict[str, int]:
    """Every code with which the saga can fail, and its status (of two for one code: the last).

    ``rejected`` where it waits for a signal at all, as a setting may let that wait be refused.
    """
    found: dict[str, int] = {}
    for leaf in _givable(saga.definition.body):
        found |= leaf.refusals
        if isinstance(leaf, Wait):
            found[REJECTED] = REJECTED_STATUS
    return {**found, **ANYWAY}


def _givable(body: Iterable[Node]) -> Iterator[Leaf]:
    """The steps up to the point of no return that may be refused and so fail the saga."""
    for node in body:
        leaves = list(steps_of([node]))
        yield from (leaf for leaf in leaves if leaf.kind != "retriable")
        if any(leaf.kind in ("pivot", "retriable") for leaf in leaves):
            return
