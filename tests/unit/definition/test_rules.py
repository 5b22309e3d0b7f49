"""The rules of a definition that was not made by the typed builder."""

from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.definition import DefinitionError
from orchestrator.definition.nodes import Definition, Retry, Step
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


NARROW = [
    {"name": "a" * 100},
    {"timeout_ms": 1},
    {"undo_timeout_ms": 1},
    {"retry": Retry(0, 1, 1, 1.0)},
    {"undo_retry": Retry(0, 1, 1, 1.0)},
]
TOO_NARROW = [
    {"name": "a" * 101},
    {"timeout_ms": 0},
    {"undo_timeout_ms": 0},
    {"retry": Retry(0, 2, 1, 1.0)},
    {"undo_retry": Retry(0, 0, 1, 1.0)},
    {"retry": Retry(0, 1, 1, 0.999)},
    {"retry": Retry(0, 1, 1, float("inf"))},
    {"retry": Retry(-1, 1, 1, 1.0)},
]


def changed(changes: dict[str, Any]) -> Definition:
    definition = trip(HOTEL).definition
    return replace(definition, body=(replace(definition.body[0], **changes),))


@pytest.mark.parametrize("changes", NARROW)
def test_the_last_that_is_right(changes: dict[str, Any]) -> None:
    check(changed(changes))


@pytest.mark.parametrize("changes", TOO_NARROW)
def test_the_first_that_is_wrong(changes: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        check(changed(changes))


def test_a_stored_definition_without_steps() -> None:
    with pytest.raises(DefinitionError, match="it has no steps"):
        check(Definition("trip", {}, ()))
