"""The language of the payment service. Amounts are minor units (cents) of a currency."""

from typing import Annotated

from pydantic import Field

from contracts.messages import Command, Reply


class PaymentCharged(Reply):
    """The account was charged."""

    payment_id: int
    amount: int
    currency: str


class ChargePayment(Command):
    """Charge a user's account for an order: once and never again, not even after a refund."""

    service = "payment"
    reply = PaymentCharged
    refusals = {"insufficient_funds": 409, "account_not_found": 409, "already_charged": 409}

    order_id: int
    user_id: int
    amount: Annotated[int, Field(ge=0)]
    currency: str


class PaymentRefunded(Reply):
    """What was charged for the order went back; an amount of 0 if nothing was."""

    amount: int
    currency: str


class RefundPayment(Command):
    """Give back whatever was charged for an order."""

    service = "payment"
    reply = PaymentRefunded

    order_id: int


class OrderCharged(Reply):
    """The payment was made; ``charge_id`` is its number in the books."""

    charge_id: int


class ChargeOrder(Command):
    """Make the payment of this id for an order: once, whoever asks and however often.

    A payment's id belongs to one order for good: for another one it is refused.
    """

    service = "payment"
    reply = OrderCharged
    refusals = {"payment_id_used": 409}

    order_id: str
    payment_id: str
    amount: Annotated[int, Field(ge=0)]
    currency: str


class OrderRefunded(Reply):
    """The payment went back; an amount of 0 if there was none."""

    amount: int
    currency: str


class RefundOrder(Command):
    """Give back the payment of this id, made for this order."""

    service = "payment"
    reply = OrderRefunded

    order_id: str
    payment_id: str
