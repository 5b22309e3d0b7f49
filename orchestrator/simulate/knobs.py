"""What can be turned at a saga, and the saga with some of it turned."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from orchestrator.definition.nodes import Definition, Leaf, Node, Parallel, Retry, Step, Wait
from orchestrator.definition.tree import steps_of
from orchestrator.simulate.cast import Family, child_of

Knob = Literal["attempts", "timeout", "pause", "coefficient", "deadline"]
"""Pause is the first one between two attempts; the others are as in a definition."""


class Turn(NamedTuple):
    """One knob turned: milliseconds, or a number. ``step`` is empty for a saga's deadline."""

    saga: str
    step: str
    knob: Knob
    value: float


def turned(family: Family, turns: Iterable[Turn]) -> Family:
    """The family with these knobs turned."""
    found = dict(family)
    for turn in turns:
        definition = found[turn.saga]
        if turn.knob == "deadline":
            found[turn.saga] = replace(definition, deadline_ms=round(turn.value) or UNSET)
        else:
            found[turn.saga] = _with(definition, turn)
    return found


def read(leaf: Leaf, knob: Knob) -> float:
    """How the knob of a step stands."""
    if knob == "timeout":
        return leaf.timeout_ms
    assert isinstance(leaf, Step)
    retry = leaf.retry
    stands = {
        "attempts": retry.attempts,
        "pause": retry.initial_ms,
        "coefficient": retry.coefficient,
    }
    return stands[knob]


def asked(family: Family) -> Iterator[tuple[str, Step]]:
    """Every step that a participant does, with its saga."""
    for name, definition in family.items():
        for leaf in steps_of(definition.body):
            if isinstance(leaf, Step) and not child_of(leaf):
                yield name, leaf


def waits(family: Family) -> Iterator[tuple[str, Wait]]:
    """Every wait that counts against the deadline, with its saga."""
    for name, definition in family.items():
        for leaf in steps_of(definition.body):
            if isinstance(leaf, Wait) and not leaf.person:
                yield name, leaf


def _with(definition: Definition, turn: Turn) -> Definition:
    def change(leaf: Leaf) -> Leaf:
        return _changed(leaf, turn) if leaf.name == turn.step else leaf

    return replace(definition, body=tuple(_mapped(node, change) for node in definition.body))


def _mapped(node: Node, change: Callable[[Leaf], Leaf]) -> Node:
    if isinstance(node, Parallel):
        return Parallel(
            tuple(tuple(_mapped(one, change) for one in branch) for branch in node.branches)
        )
    return change(node)


def _changed(leaf: Leaf, turn: Turn) -> Leaf:
    if turn.knob == "timeout":
        return replace(leaf, timeout_ms=round(turn.value))
    assert isinstance(leaf, Step)
    return replace(leaf, retry=_retry(leaf.retry, turn))


def _retry(retry: Retry, turn: Turn) -> Retry:
    match turn.knob:
        case "attempts":
            return replace(retry, attempts=round(turn.value))
        case "pause":
            # The cap follows: a first pause above it would be no policy.
            initial = round(turn.value)
            return replace(retry, initial_ms=initial, maximum_ms=max(retry.maximum_ms, initial))
        case _:
            return replace(retry, coefficient=turn.value)
