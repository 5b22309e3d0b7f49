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


def _command(name: str, to: str, **fields: type) -> type[Command]:
    base = type(f"To{to}", (Command,), {"__module__": __name__, "service": to, "reply": Done})
    base.reply = Quoted if to == "product" else Done
    shape: dict[str, Any] = {field: (kind, ...) for field, kind in fields.items()}
    return create_model(name, __base__=base, order=(int, ...), **shape)


QuoteProduct = _command("QuoteProduct", "product")
ChargePayment = _command("ChargePayment", "payment", amount=int)
RefundPayment = _command("RefundPayment", "payment")
ReserveStock = _command("ReserveStock", "inventory")
RestoreStock = _command("RestoreStock", "inventory")
MarkShipped = _command("MarkShipped", "orders")
PreparePackage = _command("PreparePackage", "shipping", address=str)
UnpreparePackage = _command("UnpreparePackage", "shipping")
DispatchCarrier = _command("DispatchCarrier", "shipping")

shipping = (
    saga("shipping", input=Order)
    .takes(change(NewAddress, fields={"address": "new_address"}, redo="prepare"))
    .then(
        compensatable("prepare", PreparePackage, undo=UnpreparePackage),
        pivot("dispatch", DispatchCarrier),
    )
    .ends(returns=Done)
)

order = (
    saga("order", input=Order, deadline=900)
    .takes(change(NewAddress, fields={"address": "new_address"}, redo="shipping"))
    .then(read("product", QuoteProduct))
    .then(wait("review", Review, accepts="approved", timeout=86_400, person=True))
    .then(
        parallel(
            compensatable("payment", ChargePayment, undo=RefundPayment),
            compensatable("inventory", ReserveStock, undo=RestoreStock),
        )
    )
    .then(child("shipping", shipping))
    .then(retriable("ship", MarkShipped))
    .ends()
)
