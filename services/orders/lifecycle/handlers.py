"""Orders as a participant in their own lifecycle: received, validated, shipped, or closed."""

from collections.abc import Sequence
from typing import Final

from contracts.lifecycle import (
    CloseOrder,
    MarkShipped,
    OrderClosed,
    OrderReceived,
    OrderShipped,
    OrderValidated,
    ReceiveOrder,
    StartOrder,
    ValidateOrder,
)
from contracts.product import Item, ItemPrice
from infra.clock import rfc3339
from services.orders.handlers import participant
from services.orders.lifecycle.model import CLOSED, SQL, Lifecycle, State, by_reference
from services.orders.lifecycle.record import ORDERS, Record, wake
from services.participant import Refusal, Work, flaky_call

CANCELLED: Final = "cancelled"
"""The code of a saga that was cancelled."""
MOST: Final = 2**53
_SET_AMOUNT: Final = SQL["set_amount"]


@participant.handles(ReceiveOrder)
def receive(command: ReceiveOrder, work: Work) -> OrderReceived:
    """Put the order on record; refused when its reference belongs to another saga."""
    flaky_call(work, command.order_id)
    found = by_reference(work.db, work.tenant, command.order_id)
    if found is None:
        wanted = StartOrder.model_validate(command.model_dump())
        record = Record.take(work.db, work.tenant, command.saga_key, wanted, work.now)
        found = record.order
    elif found.saga_key != command.saga_key or found.saga not in (None, work.saga):
        raise Refusal("order_exists", f"there is an order {command.order_id} already")
    record = Record(work.db, found, work.now, work.saga)
    record.began(work.saga)
    record.set_state("received", ORDERS)
    wake(work, found)
    return OrderReceived(received_at=rfc3339(work.now))


@participant.handles(ValidateOrder)
def validate(command: ValidateOrder, work: Work) -> OrderValidated:
    """Refuse what cannot be had, with the place; else say what all of it costs."""
    flaky_call(work, command.order_id)
    amount, currency = _total(command.items, command.prices)
    order = _ours(work, command.order_id)
    # One that comes after the order was closed finds nothing to change: a read is never undone.
    if order is not None and order.state == "received":
        record = Record(work.db, order, work.now, work.saga)
        record.write(_SET_AMOUNT, amount=amount, currency=currency)
        record.set_state("validated", ORDERS, amount=amount, currency=currency)
        wake(work, order)
    return OrderValidated(amount=amount, currency=currency)


@participant.handles(MarkShipped)
def mark_shipped(command: MarkShipped, work: Work) -> OrderShipped:
    """Put on record that the carrier has it."""
    flaky_call(work, command.order_id)
    _close(work, command.order_id, "shipped", tracking_number=command.tracking_number)
    return OrderShipped(shipped_at=rfc3339(work.now))


@participant.handles(CloseOrder)
def close(command: CloseOrder, work: Work) -> OrderClosed:
    """End an order that comes to nothing, with who wanted it so and why."""
    state: State = "cancelled" if command.code == CANCELLED else "failed"
    _close(work, command.order_id, state, code=command.code, reason=command.reason)
    return OrderClosed(state=state)


def _close(work: Work, reference: str, state: State, **why: str) -> None:
    order = _ours(work, reference)
    if order is not None and order.state not in CLOSED:
        Record(work.db, order, work.now, work.saga).set_state(state, ORDERS, **why)
        wake(work, order)


def _ours(work: Work, reference: str) -> Lifecycle | None:
    """The order, if it belongs to the saga that asks."""
    order = by_reference(work.db, work.tenant, reference)
    return order if order is not None and order.saga == work.saga else None


def _total(items: Sequence[Item], prices: Sequence[ItemPrice]) -> tuple[int, str]:
    """What all of it costs, and in which currency; raises Refusal."""
    if not items:
        raise Refusal("no_items", "the order has no items")
    known = {price.product_id: price for price in prices}
    for number, item in enumerate(items):
        place = f"items/{number}: "
        if item.product_id not in known:
            raise Refusal("product_not_found", f"{place}there is no product {item.product_id}")
        if item.quantity <= 0:
            reason = f"{place}{item.quantity} pieces of product {item.product_id} cannot be had"
            raise Refusal("invalid_quantity", reason)
    currencies = sorted({known[item.product_id].currency for item in items})
    if len(currencies) > 1:
        reason = f"the items cost {' and '.join(currencies)}, and an order is paid in one currency"
        raise Refusal("mixed_currencies", reason)
    amount = sum(known[item.product_id].unit_price * item.quantity for item in items)
    if amount >= MOST:
        raise Refusal("amount_too_large", f"the order costs {amount}, which nobody can pay")
    return amount, currencies[0]
