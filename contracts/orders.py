"""The language of orders: what a customer asks for, and what became of it."""

from typing import Annotated

from pydantic import Field

from contracts.messages import Command, Event, Message, Reply

ORDER_EVENTS = "order.events"


class PlaceOrder(Message):
    """A customer orders so many pieces of one product."""

    order_id: int
    user_id: int
    product_id: int
    quantity: Annotated[int, Field(gt=0)]


class CancelOrder(Message):
    """A customer gives a completed order back."""

    order_id: int
    reason: str = ""


class CancellationBegun(Reply):
    """The order was completed and is now being cancelled."""

    order_id: int


class BeginCancellation(Command):
    """Turn a completed order into one being cancelled, so that no second cancellation passes."""

    service = "orders"
    reply = CancellationBegun
    refusals = {"order_not_found": 404, "order_not_completed": 409, "already_cancelled": 409}

    order_id: int


class CancellationAbandoned(Reply):
    """The order is completed, as it was before."""

    order_id: int


class AbandonCancellation(Command):
    """Turn an order that is being cancelled back into a completed one."""

    service = "orders"
    reply = CancellationAbandoned

    order_id: int


class OrderEvent(Event):
    """A fact about one order."""

    topic = ORDER_EVENTS
    key = "order_id"

    order_id: int


class OrderPlaced(OrderEvent):
    """The order was taken and is being fulfilled."""

    user_id: int
    product_id: int
    quantity: int


class OrderCompleted(OrderEvent):
    """The order is paid, reserved and on its way; ``expected_delivery`` is an ISO 8601 date."""

    user_id: int
    product_id: int
    quantity: int
    amount: int
    currency: str
    payment_id: int
    shipment_id: int
    address: str
    expected_delivery: str


class OrderFailed(OrderEvent):
    """The order came to nothing: why, and the names of the steps that were undone."""

    code: str
    reason: str
    status: int
    undone: list[str]


class OrderCancelled(OrderEvent):
    """The order was given back; ``amount`` minor units of ``currency`` were refunded."""

    amount: int
    currency: str
