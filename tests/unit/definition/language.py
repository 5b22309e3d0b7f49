"""Small contracts for tests of definitions, and the shortest saga of each."""

from collections.abc import Callable
from typing import Any, ClassVar

from contracts.messages import Command, Event, Message, Reply
from orchestrator.definition import Saga, compensatable, read, saga
from orchestrator.definition.words.specs import Spec


class Trip(Message):
    trip_id: int
    city: str
    days: int = 1


class HotelBooked(Reply):
    booking: str
    price: int
    breakfast: bool = False


class BookHotel(Command):
    service = "hotel"
    reply = HotelBooked
    refusals: ClassVar = {"no_room": 409}

    trip_id: int
    city: str


class HotelReleased(Reply):
    pass


class ReleaseHotel(Command):
    service = "hotel"
    reply = HotelReleased

    trip_id: int


class FlightBooked(Reply):
    booking: str
    miles: int


class BookFlight(Command):
    service = "flight"
    reply = FlightBooked
    refusals: ClassVar = {"no_seat": 409}

    trip_id: int


class ReleaseFlight(Command):
    service = "flight"
    reply = HotelReleased

    trip_id: int


class PayTrip(Command):
    service = "bank"
    reply = HotelReleased

    trip_id: int
    price: int


class CheckCity(Command):
    service = "map"
    reply = HotelReleased
    refusals: ClassVar = {"unknown_city": 404}

    city: str


class SendPostcard(Command):
    service = "post"
    reply = HotelReleased

    booking: str


class TripEvent(Event):
    topic = "trip.events"
    key = "trip_id"

    trip_id: int


class TripBooked(TripEvent):
    booking: str


class TripFailed(TripEvent):
    code: str
    reason: str
    status: int
    undone: list[str]


HOTEL = compensatable("hotel", BookHotel, undo=ReleaseHotel)
FLIGHT = compensatable("flight", BookFlight, undo=ReleaseFlight)
CITY = read("city", CheckCity)


def trip(*steps: Spec, **events: type[Event]) -> Saga:
    """A saga of these steps; ``started``, ``completed`` and ``failed`` are its events."""
    given = {"started": events.pop("started")} if "started" in events else {}
    return saga("trip", input=Trip, **given).then(*steps).ends(**events)


class Priced(Reply):
    price: str


class AskPrice(Command):
    service = "bank"
    reply = Priced

    trip_id: int


class ExactlyPriced(Reply):
    price: float


class AskExactPrice(Command):
    service = "bank"
    reply = ExactlyPriced

    trip_id: int


class Brew(Command):
    service = "hotel"
    reply = HotelReleased

    breakfast: bool


class NoJson(Message):
    call: Callable[[int], int]


class NoJsonReply(Reply):
    call: Callable[[int], int]


def made(called: str, base: type[Message] = Command, /, **members: Any) -> Any:
    """A contract that a test writes in one line: ``ann`` are its fields."""
    fields = members.pop("ann", {})
    return type(called, (base,), {"__annotations__": fields, "__module__": __name__, **members})
