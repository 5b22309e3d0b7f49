"""Orders as a participant: turns completed orders into ones being cancelled, and back."""

import sqlite3

from contracts.orders import (
    AbandonCancellation,
    BeginCancellation,
    CancellationAbandoned,
    CancellationBegun,
)
from services.orders.lifecycle.defaults import seed
from services.orders.model import SQL, find_order, subject
from services.participant import Books, Participant, Refusal, Work

_SET_STATUS = SQL["set_status"]
_BOOKS = SQL["books"]


def books(db: sqlite3.Connection) -> Books:
    """Every order as this service sees it."""
    titles = ("tenant", "order", "user", "product", "quantity", "status", "amount", "currency")
    return Books("orders", titles, tuple(db.execute(_BOOKS)))


participant = Participant("orders", package="services.orders", seed=seed, books=books)


@participant.handles(BeginCancellation)
def begin(command: BeginCancellation, work: Work) -> CancellationBegun:
    """Set a completed order to cancelling: so two cancellations cannot both pass."""
    order = find_order(work.db, work.tenant, command.order_id)
    if order is None:
        raise Refusal("order_not_found", f"there is no order {command.order_id}")
    if order.status in ("cancelling", "cancelled"):
        being = "is being cancelled" if order.status == "cancelling" else "is cancelled already"
        raise Refusal("already_cancelled", f"order {order.id} {being}")
    if order.status != "completed":
        reason = f"order {order.id} is {order.status}; only a completed one can be cancelled"
        raise Refusal("order_not_completed", reason)
    _set(work, order.id, "cancelling")
    return CancellationBegun(order_id=order.id)


@participant.handles(AbandonCancellation)
def abandon(command: AbandonCancellation, work: Work) -> CancellationAbandoned:
    """Set the order back to completed."""
    _set(work, command.order_id, "completed")
    return CancellationAbandoned(order_id=command.order_id)


def _set(work: Work, order_id: int, status: str) -> None:
    changed = {"tenant": work.tenant, "order_id": order_id, "status": status, "at": work.now}
    work.db.execute(_SET_STATUS, changed)
    work.wake(subject(work.tenant, order_id))
