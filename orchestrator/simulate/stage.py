"""A family of sagas in one variant, ready to be played: an automaton for each of them."""

from collections.abc import Iterator, Mapping

from orchestrator.definition.nodes import Step
from orchestrator.definition.tree import steps_of
from orchestrator.simulate.automaton import Automaton
from orchestrator.simulate.cast import Family, child_of, parts_of
from orchestrator.simulate.errors import GivenError
from orchestrator.simulate.labels import Labels
from orchestrator.simulate.outcomes import SILENT, Draws, Given, Outcome, Outcomes, Part
from orchestrator.simulate.situation import Send


class Stage:
    """The sagas of a family; what they have learned of each other's decisions stays with them."""

    def __init__(self, family: Family, outcomes: Mapping[Part, Outcomes]) -> None:
        self.labels = Labels()
        self.automata = {
            name: Automaton(definition, outcomes, self.labels)
            for name, definition in family.items()
        }
        self.root = next(iter(self.automata.values()))

    @property
    def sends(self) -> Iterator[Send]:
        """All that has been asked of anybody, with how often."""
        for automaton in self.automata.values():
            yield from automaton.sends


def complete(given: Given, family: Family, where: str) -> None:
    """Raise GivenError naming every part of which nothing says what becomes of it."""
    missing = [
        str(part)
        for part, leaf in parts_of(family).items()
        if isinstance(leaf, Step) and given.of(part) is None
    ]
    if missing:
        raise GivenError(
            where,
            f"nothing says what becomes of {'; '.join(missing)}",
            "Add what is missing, or `otherwise`; a template:"
            f" saga simulate {next(iter(family))} --write-given",
        )


def resolved(given: Given, family: Family) -> dict[Part, Outcomes]:
    """What may come of every part of a family: a wait of which nothing is said is one that nobody
    answers. Raises KeyError where nothing says what becomes of a step.
    """
    found: dict[Part, Outcomes] = {}
    for part, leaf in parts_of(family).items():
        if isinstance(leaf, Step):
            outcomes = given.of(part)
            if outcomes is None:
                raise KeyError(part)
            found[part] = outcomes
        else:
            found[part] = given.parts.get(part, SILENT)
    return found


def draws_of(given: Given, family: Family) -> dict[Part, Draws]:
    """How to draw what may come of every part, and how long a message to each child takes."""
    found = {part: Draws(outcomes) for part, outcomes in resolved(given, family).items()}
    hop = Draws(Outcomes((Outcome("works", duration=given.hop),)))
    for name, definition in family.items():
        for leaf in steps_of(definition.body):
            if child_of(leaf):
                found[Part(name, leaf.name, "do")] = hop
    return found
