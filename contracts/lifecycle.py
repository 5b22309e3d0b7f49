"""The language of an order's lifecycle (seeds/001): received, validated, reviewed, paid, shipped.

An order is known by the reference that its customer gave it (``order_id``, such as ``order-123``).
Its saga takes two signals beside ``cancel``: a review, and a new address. Money is minor units
(cents) of a currency.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from contracts.address import Address
from contracts.messages import Command, Event, Message, Reply, Signal
from contracts.orders import ORDER_EVENTS
from contracts.product import Item, ItemPrice

REFERENCE: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
_PAYMENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


def _payment_id(text: str) -> str:
    if not _PAYMENT_ID.fullmatch(text):
        raise ValueError(
            "it must have a letter or digit, then letters, digits, '.', '_', ':' or '-',"
            " at most 100 in all"
        )
    return text


Reference = Annotated[str, Field(pattern=REFERENCE, examples=["order-123"])]
"""A letter, then letters, digits, ``-`` and ``_``, at most 64: never to be taken for a number."""
PaymentId = Annotated[str, AfterValidator(_payment_id), Field(examples=["order-123-payment"])]
Items = Annotated[list[Item], Field(max_length=100)]


class StartOrder(Message):
    """A customer's order, to be led through its whole lifecycle; the payment's id is derived from
    the order's where none is given.
    """

    order_id: Reference
    items: Items
    address: Address
    payment_id: PaymentId = Field(default_factory=lambda given: f"{given['order_id']}-payment")


class OrderReceived(Reply):
    """The order is on record; ``received_at`` is an ISO 8601 time."""

    received_at: str


class ReceiveOrder(Command):
    """Put an order on record, for the saga with this request key and no other."""

    service = "orders"
    reply = OrderReceived
    refusals = {"order_exists": 409}

    order_id: Reference
    saga_key: str
    payment_id: PaymentId
    items: Items
    address: Address


class OrderClosed(Reply):
    """Nothing comes of the order; ``state`` is ``cancelled`` or ``failed``."""

    state: str


class CloseOrder(Command):
    """End an order that comes to nothing: ``code`` and ``reason`` say why, and who wanted it so."""

    service = "orders"
    reply = OrderClosed

    order_id: Reference
    code: str
    reason: str


class OrderValidated(Reply):
    """The order can be had, for this much."""

    amount: int
    currency: str


class ValidateOrder(Command):
    """Look whether an order can be had at these prices: something, of what there is, and paid in
    one currency.
    """

    service = "orders"
    reply = OrderValidated
    refusals = {
        "no_items": 422,
        "product_not_found": 404,
        "invalid_quantity": 422,
        "mixed_currencies": 422,
        "amount_too_large": 422,
    }

    order_id: Reference
    items: Items
    prices: list[ItemPrice]


class OrderShipped(Reply):
    """The order is done; ``shipped_at`` is an ISO 8601 time."""

    shipped_at: str


class MarkShipped(Command):
    """Put on record that the carrier has the order's package."""

    service = "orders"
    reply = OrderShipped

    order_id: Reference
    tracking_number: str


class ReviewOrder(Signal):
    """A person (``by``, with a ``reason``) lets the order go on, or not."""

    name = "review"

    approved: bool


class UpdateAddress(Signal):
    """The customer wants the order to go elsewhere."""

    name = "update-address"

    new_address: Address


class LifecycleEvent(Event):
    """A fact about one order that is led through its lifecycle."""

    topic = ORDER_EVENTS
    key = "order_id"

    order_id: Reference


class LifecycleStarted(LifecycleEvent):
    """The saga of the order has begun."""

    payment_id: PaymentId
    items: Items
    address: Address


class OrderAddressUpdated(LifecycleEvent):
    """The order goes to another address from now on: ``id`` is that of the signal, ``by`` says who
    wanted it, ``reason`` why, ``at`` when (Unix milliseconds).
    """

    id: str
    by: str
    reason: str
    at: int
    new_address: Address


class LifecycleCompleted(LifecycleEvent):
    """The order is paid and with the carrier; ``shipped_at`` is an ISO 8601 time."""

    payment_id: PaymentId
    amount: int
    currency: str
    package_id: int
    carrier: str
    tracking_number: str
    shipped_to: str
    shipped_at: str


class LifecycleFailed(LifecycleEvent):
    """The order came to nothing (``cancelled`` is a code as others): why, and the names of the
    steps that were undone.
    """

    code: str
    reason: str
    status: int
    undone: list[str]
