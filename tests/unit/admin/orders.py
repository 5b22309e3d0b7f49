"""Sagas for the pages: every kind of node, and a child with a point of no return."""

from typing import Any

from pydantic import BaseModel, create_model

from contracts.messages import Command, Reply, Signal
from orchestrator.definition import (
    change,
    child,
    compensatable,
    parallel,
    pivot,
    read,
    retriable,
    saga,
    wait,
)


class Order(BaseModel):
    """What is ordered."""

    order: int
    address: str = "1 Main Street"


class Quoted(Reply):
    """The price."""

    amount: int


class Done(Reply):
    """It was done."""


class Review(Signal):
    """A person has looked at the order."""

    name = "review"
    approved: bool


class NewAddress(Signal):
    """The customer moves."""

    name = "update-address"
    new_address: str


# Names of their own: contracts are found by name and service among all that are loaded.
def _command(name: str, to: str, **fields: type) -> type[Command]:
    base = type(f"To{to}", (Command,), {"__module__": __name__, "service": to, "reply": Done})
    base.reply = Quoted if to == "product" else Done
    shape: dict[str, Any] = {field: (kind, ...) for field, kind in fields.items()}
    return create_model(name, __base__=base, order=(int, ...), **shape)


QuoteThing = _command("QuoteThing", "product")
ChargeCard = _command("ChargeCard", "payment", amount=int)
RefundCard = _command("RefundCard", "payment")
ReserveThings = _command("ReserveThings", "inventory")
RestoreThings = _command("RestoreThings", "inventory")
NoteShipped = _command("NoteShipped", "orders")
PackThings = _command("PackThings", "shipping", address=str)
UnpackThings = _command("UnpackThings", "shipping")
SendCarrier = _command("SendCarrier", "shipping")

shipping = (
    saga("shipping", input=Order)
    .takes(change(NewAddress, fields={"address": "new_address"}, redo="prepare"))
    .then(
        compensatable("prepare", PackThings, undo=UnpackThings),
        pivot("dispatch", SendCarrier),
    )
    .ends(returns=Done)
)

order = (
    saga("order", input=Order, deadline=900)
    .takes(change(NewAddress, fields={"address": "new_address"}, redo="shipping"))
    .then(read("product", QuoteThing))
    .then(wait("review", Review, accepts="approved", timeout=86_400, person=True))
    .then(
        parallel(
            compensatable("payment", ChargeCard, undo=RefundCard),
            compensatable("inventory", ReserveThings, undo=RestoreThings),
        )
    )
    .then(child("shipping", shipping))
    .then(retriable("ship", NoteShipped))
    .ends()
)
