"""Who plays in a simulation: a saga, the sagas that it begins, and all parts that need outcomes."""

from collections.abc import Mapping

from orchestrator.definition.nodes import Definition, Leaf, Step, Wait
from orchestrator.definition.tree import steps_of
from orchestrator.simulate.errors import SimulateError
from orchestrator.simulate.outcomes import Part

Family = dict[str, Definition]
"""The saga that is simulated, first, and the sagas that it begins, by name."""


def child_of(leaf: Leaf) -> str:
    """The saga that does this step; empty where a participant does it, or nobody."""
    return (leaf.child or "") if isinstance(leaf, Step) else ""


def family_of(name: str, definitions: Mapping[str, Definition]) -> Family:
    """The saga of that name and all that it begins; raises SimulateError where one is not there."""
    family: Family = {}
    wanted = [name]
    while wanted:
        one = wanted.pop(0)
        if one in family:
            continue
        if one not in definitions:
            known = ", ".join(definitions) or "none"
            raise SimulateError(f"no definition {one!r}; there are: {known}")
        family[one] = definitions[one]
        wanted += filter(None, map(child_of, steps_of(definitions[one].body)))
    return family


def parts_of(family: Family) -> dict[Part, Leaf]:
    """All that needs outcomes: every step and its undo, and every wait for a signal. What a child
    does is up to its own parts.
    """
    found: dict[Part, Leaf] = {}
    for name, definition in family.items():
        for leaf in steps_of(definition.body):
            if isinstance(leaf, Wait):
                if leaf.signal:
                    found[Part(name, leaf.name, "do")] = leaf
                continue
            if not child_of(leaf):
                found[Part(name, leaf.name, "do")] = leaf
            if leaf.undo:
                found[Part(name, leaf.name, "undo")] = leaf
    return found
