"""The events of the business that a saga tells, from what was written to what is sent."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from orchestrator.definition.compiling.declarations import check_event
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Emit
from orchestrator.definition.words.specs import Events, EventSpec

Fill = Callable[[str, EventSpec], dict[str, str]]
"""The fields of an event (field -> source), its place in messages given first."""


def emits(place: str, given: Events, fill: Fill, before: Sequence[str] = ()) -> tuple[Emit, ...]:
    """The events told at one place; ``before`` names those that have been told by then."""
    made: list[Emit] = []
    told = list(before)
    for one in given if isinstance(given, Sequence) else [given]:
        spec = one if isinstance(one, EventSpec) else EventSpec(one)
        contract = check_event(place, spec.event)
        spot = f"{place} event {contract.__name__}"
        if contract.__name__ in told:
            # Its id is the saga and this name: a reader would drop the second as a duplicate.
            raise DefinitionError(
                spot,
                "a saga tells an event once, and this one twice",
                "Leave one of the two out, or give it a contract of its own",
            )
        told.append(contract.__name__)
        fields = fill(spot, replace(spec, event=contract))
        made.append(Emit(contract.__name__, contract.topic, fields[contract.key], fields))
    return tuple(made)
