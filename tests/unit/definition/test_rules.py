"""The rules of a definition that was not made by the typed builder."""

import pytest
from msgspec.structs import replace

from orchestrator.definition import DefinitionError
from orchestrator.definition.nodes import Definition, Step
from orchestrator.definition.rules import check
from tests.unit.definition.language import CITY, HOTEL, trip


def test_an_undo_on_a_step_that_is_never_undone() -> None:
    definition = trip(CITY, HOTEL).definition
    city, hotel = definition.body
    assert isinstance(city, Step)
    assert isinstance(hotel, Step)
    wrong = replace(definition, body=(replace(city, undo=hotel.undo), hotel))
    with pytest.raises(DefinitionError) as caught:
        check(wrong)
    error = caught.value
    assert error.place == "saga trip, step city"
    assert error.reason == "a read step is never undone, and has an undo"
    assert error.remedy == "Leave the undo out, or make the step compensatable, before the pivot"


def test_what_the_builder_made_is_right() -> None:
    check(trip(CITY, HOTEL).definition)


def test_a_stored_definition_without_steps() -> None:
    with pytest.raises(DefinitionError, match="it has no steps"):
        check(Definition("trip", {}, ()))
