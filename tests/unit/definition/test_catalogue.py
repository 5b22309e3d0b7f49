"""The definitions a process knows, and the inputs it lets in."""

from datetime import date

import pytest
from msgspec.structs import replace
from pydantic import BaseModel, Field

from contracts.messages import Message
from orchestrator.definition import DefinitionError, saga
from orchestrator.definition.catalogue import Catalogue, validated
from orchestrator.definition.errors import InvalidInput, UnknownDefinition
from orchestrator.definition.nodes import version
from sagas.order_fulfillment import order_fulfillment
from tests.unit.definition.language import FLIGHT, HOTEL, Trip, trip

TRIP = trip(HOTEL)


def test_sagas_by_name_and_version() -> None:
    catalogue = Catalogue([TRIP, order_fulfillment])
    assert catalogue.names() == ["trip", "order-fulfillment"]
    assert catalogue.named("trip") is TRIP
    assert catalogue.by_version(TRIP.version) == TRIP.definition
    with pytest.raises(UnknownDefinition):
        catalogue.named("tour")
    assert catalogue.by_version("0" * 16) is None


def test_a_stored_definition_finishes_sagas_and_starts_none() -> None:
    catalogue = Catalogue([TRIP])
    old = replace(trip(HOTEL, FLIGHT).definition, name="tour")
    catalogue.add_stored(old)
    assert catalogue.by_version(version(old)) == old
    with pytest.raises(UnknownDefinition):
        catalogue.named("tour")


def test_a_stored_older_version_does_not_replace_the_newer() -> None:
    catalogue = Catalogue([TRIP])
    catalogue.add_stored(trip(HOTEL, FLIGHT).definition)
    assert catalogue.named("trip") is TRIP


def test_two_sagas_of_one_name() -> None:
    other = saga("trip", input=Trip).then(FLIGHT).ends()
    with pytest.raises(DefinitionError) as caught:
        Catalogue([TRIP, other])
    assert caught.value.place == "saga trip"
    assert caught.value.reason == "two sagas have this name"
    assert caught.value.remedy == "Give one of them another name"


def test_an_input_is_completed_by_its_contract() -> None:
    given = {"trip_id": 7, "city": "Oslo", "from a newer writer": 1}
    catalogue = Catalogue([TRIP])
    assert catalogue.validate("trip", given) == {"trip_id": 7, "city": "Oslo", "days": 1}


def test_every_wrong_place_of_an_input_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        Catalogue([order_fulfillment]).validate(
            "order-fulfillment", {"order_id": "x", "user_id": 1, "quantity": 0}
        )
    said = str(caught.value)
    for part in ("order_id: ", "product_id: Field required", "quantity: ", "greater than 0"):
        assert part in said


def test_an_input_that_is_no_text_in_utf_8() -> None:
    with pytest.raises(InvalidInput, match="it cannot be written as JSON"):
        Catalogue([TRIP]).validate("trip", {"trip_id": 7, "city": "\ud800"})


def test_an_input_without_end() -> None:
    city: dict[str, object] = {}
    city["city"] = city
    with pytest.raises(InvalidInput, match="it cannot be written as JSON"):
        Catalogue([TRIP]).validate("trip", city)


def test_the_input_of_an_unknown_saga() -> None:
    with pytest.raises(UnknownDefinition, match="no saga is called 'tour'; defined are: trip"):
        Catalogue([TRIP]).validate("tour", {})


def test_inputs_are_json() -> None:
    class Stay(Message):
        night: date
        rooms: tuple[int, ...] = ()

    given = {"night": "2026-02-03", "rooms": [1, 2]}
    assert validated(Stay, given) == given


class Paid(BaseModel):
    """Paid under an id that follows from the order's."""

    order: str
    payment: str = Field(default_factory=lambda known: f"pay-{known['order']}")


def test_what_only_follows_from_a_wrong_field_is_not_named() -> None:
    assert validated(Paid, {"order": "o-1"})["payment"] == "pay-o-1"
    with pytest.raises(InvalidInput) as told:
        validated(Paid, {})
    assert str(told.value) == "order: Field required"
