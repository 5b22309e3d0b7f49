"""Mistakes at definition time: what fills the fields of commands and events."""

from collections.abc import Callable

import pytest

from orchestrator.definition import (
    DefinitionError,
    Undo,
    compensatable,
    event,
    parallel,
    read,
    retriable,
)
from tests.unit.definition.language import (
    FLIGHT,
    HOTEL,
    AskExactPrice,
    AskPrice,
    BookFlight,
    BookHotel,
    Brew,
    CheckCity,
    PayTrip,
    Priced,
    ReleaseHotel,
    SendPostcard,
    TripBooked,
    TripFailed,
    made,
    trip,
)

CASES = [
    pytest.param(
        lambda: trip(compensatable("pay", PayTrip, undo=ReleaseHotel)),
        "saga trip, step pay, field price",
        "nothing fills it: neither the input nor an earlier reply has a field 'price'",
        'Map it, such as fields={"price": "input.trip_id"}, or give it a default in PayTrip, '
        "or let an earlier step reply with it",
        id="nothing fills it",
    ),
    pytest.param(
        lambda: trip(compensatable("card", SendPostcard, undo=ReleaseHotel), HOTEL),
        "saga trip, step card, field booking",
        "hotel.booking is not there when it is needed: that step comes later",
        "Fill it from what is known by then, such as input.city, input.days, input.trip_id",
        id="a later reply",
    ),
    pytest.param(
        lambda: trip(parallel(HOTEL, compensatable("card", SendPostcard, undo=ReleaseHotel))),
        "saga trip, step card, field booking",
        "hotel.booking is not there when it is needed: that step runs in parallel, and its "
        "reply may not have come",
        "Fill it from what is known by then, such as input.city, input.days, input.trip_id",
        id="a reply beside it",
    ),
    pytest.param(
        lambda: trip(compensatable("hotel", BookHotel, undo=SendPostcard)),
        "saga trip, step hotel, undo, field booking",
        "hotel.booking is not there when it is needed: when the outcome of the step is "
        "unknown, its own reply never came",
        "Fill it from what is known by then, such as input.city, input.days, input.trip_id",
        id="undo needs its own reply",
    ),
    pytest.param(
        lambda: trip(
            compensatable(
                "hotel", BookHotel, undo=Undo(SendPostcard, fields={"booking": "hotel.booking"})
            )
        ),
        "saga trip, step hotel, undo, field booking",
        "hotel.booking is not there when it is needed: when the outcome of the step is "
        "unknown, its own reply never came",
        "Fill it from what is known by then, such as input.city, input.days, input.trip_id",
        id="undo mapped to its own reply",
    ),
    pytest.param(
        lambda: trip(parallel(HOTEL, compensatable("flight", BookFlight, undo=PayTrip))),
        "saga trip, step flight, undo, field price",
        "hotel.price is not there when it is needed: that step runs in parallel, and its reply "
        "may not have come",
        "Fill it from what is known by then, such as input.city, input.days, input.trip_id",
        id="undo needs a reply beside it",
    ),
    pytest.param(
        lambda: trip(compensatable("city", CheckCity, undo=PayTrip), HOTEL),
        "saga trip, step city, undo, field price",
        "hotel.price is not there when it is needed: that step comes later",
        "Fill it from what is known by then, such as input.city, input.days, input.trip_id",
        id="undo needs a later reply",
    ),
    pytest.param(
        lambda: trip(parallel(HOTEL, FLIGHT), retriable("card", SendPostcard)),
        "saga trip, step card, field booking",
        "both hotel and flight have it, and neither is later than the other",
        'Say which one is meant: fields={"booking": "hotel.booking"}',
        id="two branches have it",
    ),
    pytest.param(
        lambda: trip(HOTEL, read("price", AskPrice), retriable("pay", PayTrip)),
        "saga trip, step pay, field price",
        "hotel.price is an integer, price.price is a text",
        'Say which one is meant: fields={"price": "price.price"}',
        id="two types by that name",
    ),
    pytest.param(
        lambda: trip(read("price", AskPrice), retriable("pay", PayTrip)),
        "saga trip, step pay, field price",
        "price.price is a text, but PayTrip.price is an integer",
        "Map another source to it, or change the type in PayTrip or Priced",
        id="type by name",
    ),
    pytest.param(
        lambda: trip(HOTEL, retriable("pay", PayTrip, fields={"price": "hotel.booking"})),
        "saga trip, step pay, field price",
        "hotel.booking is a text, but PayTrip.price is an integer",
        "Map another source to it, or change the type in PayTrip or HotelBooked",
        id="type by mapping",
    ),
    pytest.param(
        lambda: trip(HOTEL, retriable("brew", Brew)),
        "saga trip, step brew, field breakfast",
        "hotel.breakfast may be missing: it has a default in HotelBooked, so replies may omit it",
        "Make 'breakfast' required in HotelBooked, or fill 'breakfast' from something else",
        id="may be missing",
    ),
    pytest.param(
        lambda: trip(
            compensatable("hotel", BookHotel, undo=ReleaseHotel, fields={"citty": "input.city"})
        ),
        "saga trip, step hotel",
        "the mapping names the field 'citty', which BookHotel does not have",
        "Write one of its fields: trip_id, city (did you mean 'city'?)",
        id="mapping of an unknown field",
    ),
    pytest.param(
        lambda: trip(
            compensatable("hotel", BookHotel, undo=ReleaseHotel, fields={"city": "input.citty"})
        ),
        "saga trip, step hotel, field city",
        "it is mapped to 'input.citty', and there is no such source",
        "Write one of input.trip_id, input.city, input.days, saga.id, saga.key, saga.tenant "
        "(did you mean 'input.city'?)",
        id="unknown source",
    ),
    pytest.param(
        lambda: trip(compensatable("hotel", BookHotel, undo=ReleaseHotel, fields={"city": 7})),
        "saga trip, step hotel, field city",
        "it is mapped to 7, and there is no such source",
        "Write one of input.trip_id, input.city, input.days, saga.id, saga.key, saga.tenant",
        id="source of another type",
    ),
    pytest.param(
        lambda: trip(read("city", CheckCity, fields=["city"])),  # type: ignore[arg-type]
        "saga trip, step city",
        "['city'] is not a mapping of fields to sources",
        'Write fields={"amount": "product.amount"}',
        id="no mapping",
    ),
    pytest.param(
        lambda: trip(HOTEL, started=TripBooked),
        "saga trip, started event TripBooked, field booking",
        "hotel.booking is not there when it is needed: the event is told before the first step "
        "begins",
        "Fill it from what is known by then, such as input.city, input.days, input.trip_id",
        id="start event needs a reply",
    ),
    pytest.param(
        lambda: trip(HOTEL, failed=TripBooked),
        "saga trip, failed event TripBooked, field booking",
        "hotel.booking is not there when it is needed: a saga that failed may have no reply of "
        "that step",
        "Fill it from what is known by then, such as input.city, input.days, input.trip_id, "
        "saga.code, saga.reason, saga.status, saga.undone",
        id="failure event needs a reply",
    ),
    pytest.param(
        lambda: trip(HOTEL, completed=TripFailed),
        "saga trip, completed event TripFailed, field code",
        "saga.code is not there when it is needed: only a saga that has failed knows it",
        "Fill it from what is known by then, such as input.city, input.days, input.trip_id, "
        "hotel.booking, hotel.breakfast, hotel.price",
        id="failure facts of a success",
    ),
    pytest.param(
        lambda: trip(HOTEL, completed=event(TripBooked, fields={"booking": "hotel.bookin"})),
        "saga trip, completed event TripBooked, field booking",
        "it is mapped to 'hotel.bookin', and there is no such source",
        "Write one of input.trip_id, input.city, input.days, saga.id, saga.key, saga.tenant, "
        "hotel.booking, hotel.price, hotel.breakfast (did you mean 'hotel.booking'?)",
        id="event mapped to an unknown source",
    ),
    pytest.param(
        lambda: trip(read("map", made("ShowMap", service="map", reply=Priced, ann={"town": str}))),
        "saga trip, step map, field town",
        "nothing fills it: neither the input nor an earlier reply has a field 'town'",
        'Map it, such as fields={"town": "input.city"}, or give it a default in ShowMap, '
        "or let an earlier step reply with it",
        id="nothing fills it but one of its type",
    ),
    pytest.param(
        lambda: trip(read("map", made("Go", service="map", reply=Priced, ann={"day": int}))),
        "saga trip, step map, field day",
        "nothing fills it: neither the input nor an earlier reply has a field 'day'",
        'Map it, such as fields={"day": "input.days"}, or give it a default in Go, '
        "or let an earlier step reply with it",
        id="nothing fills it but one of almost that name",
    ),
    pytest.param(
        lambda: trip(read("map", made("Go", service="map", reply=Priced, ann={"at": list[int]}))),
        "saga trip, step map, field at",
        "nothing fills it: neither the input nor an earlier reply has a field 'at'",
        "Give it a default in Go, or let an earlier step reply with it",
        id="nothing could fill it",
    ),
    pytest.param(
        lambda: trip(HOTEL, read("price", AskExactPrice), retriable("pay", PayTrip)),
        "saga trip, step pay, field price",
        "hotel.price is an integer, price.price is a number",
        'Say which one is meant: fields={"price": "price.price"}',
        id="two types of which one fits the other",
    ),
]


@pytest.mark.parametrize(("write", "place", "reason", "remedy"), CASES)
def test_refused(write: Callable[[], object], place: str, reason: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        write()
    error = caught.value
    assert (error.place, error.reason, error.remedy) == (place, reason, remedy)
    assert str(error) == f"{place}: {reason}. {remedy}."
