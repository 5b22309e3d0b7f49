"""Contracts and sagas with waits, a child and signals that change data, for tests."""

from typing import Any, ClassVar

from contracts.messages import Command, Event, Message, Reply, Signal
from orchestrator.definition import (
    Saga,
    change,
    child,
    compensatable,
    pivot,
    read,
    retriable,
    saga,
    wait,
)
from orchestrator.definition.words.specs import ChangeSpec, Spec


class Journey(Message):
    traveller: str
    city: str
    days: int = 1


class Nothing(Reply):
    pass


class Packed(Reply):
    bag: int
    note: str = ""


class Pack(Command):
    service = "porter"
    reply = Packed
    refusals: ClassVar = {"too_heavy": 422}

    city: str


class Unpack(Command):
    service = "porter"
    reply = Nothing

    city: str


class Leave(Command):
    service = "carrier"
    reply = Packed
    refusals: ClassVar = {"no_seat": 410}

    traveller: str


class Look(Command):
    service = "map"
    reply = Nothing
    refusals: ClassVar = {"unknown_city": 404}

    city: str


class Write(Command):
    service = "post"
    reply = Nothing

    traveller: str
    by: str


class Approval(Signal):
    name = "approval"

    approved: bool
    days: int = 3


class Knock(Signal):
    name = "knock"


class Divert(Signal):
    name = "divert"

    new_city: str


class JourneyEvent(Event):
    topic = "journey.events"
    key = "traveller"

    traveller: str


class Diverted(JourneyEvent):
    city: str
    new_city: str
    by: str
    reason: str


class Left(Reply):
    bag: int


PACK = compensatable("pack", Pack, undo=Unpack)
LEAVE = pivot("leave", Leave)
LOOK = read("look", Look)
TELL = retriable("tell", Look)
DIVERT = change(Divert, fields={"city": "new_city"}, redo="pack")
APPROVAL = wait("approval", Approval, accepts="approved", timeout=60)


def journey(*steps: Spec, takes: tuple[ChangeSpec, ...] = (), **more: Any) -> Saga:
    """A saga of these steps."""
    return saga("journey", input=Journey, **more).takes(*takes).then(*steps).ends()


def trek(*steps: Spec, name: str = "trek", takes: tuple[ChangeSpec, ...] = ()) -> Saga:
    """A saga that runs within a journey; it returns nothing."""
    return saga(name, input=Journey).takes(*takes).then(*steps).ends()


DEPARTURE = (
    saga("departure", input=Journey, progress=True)
    .takes(DIVERT)
    .then(PACK, LEAVE)
    .ends(returns=Left)
)
TOUR = (
    saga("tour", input=Journey, deadline=90)
    .takes(change(Divert, fields={"city": "new_city"}, redo="departure", tells=Diverted))
    .then(LOOK, APPROVAL, child("departure", DEPARTURE), TELL)
    .ends(completed=JourneyEvent)
)
