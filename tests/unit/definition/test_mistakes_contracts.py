"""Mistakes at definition time: the contracts that a definition names."""

from collections.abc import Callable

import pytest
from pydantic import RootModel

from contracts.messages import Command, Event
from orchestrator.definition import DefinitionError, compensatable, read, saga
from tests.unit.definition.language import (
    HOTEL,
    BookHotel,
    NoJson,
    NoJsonReply,
    Priced,
    Trip,
    TripBooked,
    TripEvent,
    made,
    trip,
)

CASES = [
    pytest.param(
        lambda: trip(read("hotel", Trip)),
        "saga trip, step hotel",
        "Trip is not a command",
        "Name a class that derives from contracts.messages.Command",
        id="not a command",
    ),
    pytest.param(
        lambda: trip(read("hotel", "BookHotel")),
        "saga trip, step hotel",
        "'BookHotel' is not a command",
        "Name a class that derives from contracts.messages.Command",
        id="a text for a command",
    ),
    pytest.param(
        lambda: trip(read("hotel", Command)),
        "saga trip, step hotel",
        "Command is not a command",
        "Name a class that derives from contracts.messages.Command",
        id="the base class",
    ),
    pytest.param(
        lambda: trip(read("hotel", made("X", reply=Priced))),
        "saga trip, step hotel",
        "the command X does not say which service takes it",
        'Write `service = "..."` in X: lower case, digits and hyphens',
        id="no service",
    ),
    pytest.param(
        lambda: trip(read("hotel", made("X", service="x"))),
        "saga trip, step hotel",
        "the command X does not say what it is answered with",
        "Write `reply = X` in X, derived from contracts.messages.Reply",
        id="no reply",
    ),
    pytest.param(
        lambda: trip(compensatable("hotel", BookHotel, undo=Trip)),
        "saga trip, step hotel, undo",
        "Trip is not a command",
        "Name a class that derives from contracts.messages.Command",
        id="undo is no command",
    ),
    pytest.param(
        lambda: trip(read("hotel", made("X", service="x", reply=Priced, refusals=["no"]))),
        "saga trip, step hotel",
        "the refusals of X are malformed: ['no'] is not a code",
        'Write `refusals = {"out_of_stock": 409}`: a code in snake_case and its status',
        id="refusals are a list",
    ),
    pytest.param(
        lambda: trip(
            read("hotel", made("X", service="x", reply=Priced, refusals={"No Room": 409}))
        ),
        "saga trip, step hotel",
        "the refusals of X are malformed: 'No Room' is not a code",
        'Write `refusals = {"out_of_stock": 409}`: a code in snake_case and its status',
        id="code of a refusal",
    ),
    pytest.param(
        lambda: trip(read("hotel", made("X", service="x", reply=Priced, refusals={"no": 200}))),
        "saga trip, step hotel",
        "the refusals of X are malformed: 200 is not an HTTP-like status from 400 to 599",
        'Write `refusals = {"out_of_stock": 409}`: a code in snake_case and its status',
        id="status of a refusal",
    ),
    pytest.param(
        lambda: trip(
            read("hotel", made("X", service="x", reply=Priced, refusals={"expired": 409}))
        ),
        "saga trip, step hotel",
        "the refusals of X are malformed: the code 'expired' means that nobody knows what "
        "happened, which is no refusal",
        'Write `refusals = {"out_of_stock": 409}`: a code in snake_case and its status',
        id="reserved code",
    ),
    pytest.param(
        lambda: saga("trip", input=dict).then(HOTEL).ends(),
        "saga trip",
        "the input dict is not a pydantic model of an object",
        "Write input=X with `class X(Message)` and its fields (contracts.messages.Message)",
        id="input is no model",
    ),
    pytest.param(
        lambda: saga("trip", input=RootModel[list[int]]).then(HOTEL).ends(),
        "saga trip",
        "the input RootModel[list[int]] is not a pydantic model of an object",
        "Write input=X with `class X(Message)` and its fields (contracts.messages.Message)",
        id="input is a list",
    ),
    pytest.param(
        lambda: saga("trip", input=NoJson).then(HOTEL).ends(),
        "saga trip",
        "NoJson is not JSON: Cannot generate a JsonSchema for core_schema.CallableSchema",
        "Give its fields types that JSON has: numbers, texts, booleans, lists, objects, dates",
        id="input is not JSON",
    ),
    pytest.param(
        lambda: trip(read("hotel", made("X", service="x", reply=NoJsonReply))),
        "saga trip, step hotel",
        "NoJsonReply is not JSON: Cannot generate a JsonSchema for core_schema.CallableSchema",
        "Give its fields types that JSON has: numbers, texts, booleans, lists, objects, dates",
        id="reply is not JSON",
    ),
    pytest.param(
        lambda: trip(
            read("hotel", made("X", service="x", reply=Priced, ann={"f": Callable[[int], int]}))
        ),
        "saga trip, step hotel",
        "X is not JSON: Cannot generate a JsonSchema for core_schema.CallableSchema",
        "Give its fields types that JSON has: numbers, texts, booleans, lists, objects, dates",
        id="command is not JSON",
    ),
    pytest.param(
        lambda: trip(HOTEL, completed=made("E", TripEvent, ann={"f": Callable[[int], int]})),
        "saga trip, completed",
        "E is not JSON: Cannot generate a JsonSchema for core_schema.CallableSchema",
        "Give its fields types that JSON has: numbers, texts, booleans, lists, objects, dates",
        id="event is not JSON",
    ),
    pytest.param(
        lambda: trip(HOTEL, completed=Trip),
        "saga trip, completed",
        "Trip is not an event",
        "Name a class that derives from contracts.messages.Event",
        id="not an event",
    ),
    pytest.param(
        lambda: trip(HOTEL, completed=made("E", Event, key="trip_id", ann={"trip_id": int})),
        "saga trip, completed",
        "the event E does not say on which topic it appears",
        'Write `topic = "..."` in E',
        id="no topic",
    ),
    pytest.param(
        lambda: trip(
            HOTEL, completed=made("E", Event, topic="saga.log", key="trip_id", ann={"trip_id": int})
        ),
        "saga trip, completed",
        "the topic saga.log belongs to the orchestrator's own protocol",
        "Write another topic in E, such as 'order.events'",
        id="topic of the protocol",
    ),
    pytest.param(
        lambda: trip(HOTEL, completed=made("E", Event, topic="t", ann={"trip_id": int})),
        "saga trip, completed",
        "the event E has no key that is one of its fields",
        'Write `key = "..."` in E: the field whose value keys it on t',
        id="no key",
    ),
    pytest.param(
        lambda: trip(
            HOTEL, completed=made("E", Event, topic="t", key="trip", ann={"trip_id": int})
        ),
        "saga trip, completed",
        "the event E has no key that is one of its fields",
        'Write `key = "..."` in E: the field whose value keys it on t',
        id="key is no field",
    ),
    pytest.param(
        lambda: trip(
            HOTEL, completed=made("E", Event, topic="t", key="trip", trip=0, ann={"trip": int})
        ),
        "saga trip, completed event E, field trip",
        "it is the event's key, and nothing fills it",
        "Map it in event(E, fields=...), or name another field as its key",
        id="nothing fills the key",
    ),
    pytest.param(
        lambda: trip(
            HOTEL, failed=made("E", Event, topic="t", key="undone", ann={"undone": list[str]})
        ),
        "saga trip, failed event E, field undone",
        "it is the event's key, and a list, each item a text",
        "Name a field as the key that is a text or an integer",
        id="key is a list",
    ),
    pytest.param(
        lambda: trip(HOTEL, completed=(TripBooked, TripBooked)),
        "saga trip, completed event TripBooked",
        "a saga tells an event once, and this one twice",
        "Leave one of the two out, or give it a contract of its own",
        id="an event twice",
    ),
    pytest.param(
        lambda: trip(HOTEL, started=TripEvent, failed=TripEvent),
        "saga trip, failed event TripEvent",
        "a saga tells an event once, and this one twice",
        "Leave one of the two out, or give it a contract of its own",
        id="an event at the start and at the end",
    ),
]


@pytest.mark.parametrize(("write", "place", "reason", "remedy"), CASES)
def test_refused(write: Callable[[], object], place: str, reason: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        write()
    error = caught.value
    assert (error.place, error.reason, error.remedy) == (place, reason, remedy)
    assert str(error) == f"{place}: {reason}. {remedy}."
