"""What this service knows of an order, and how it is read from its database."""

import json
import sqlite3
from typing import Literal, NamedTuple

from infra.datastore import Statements

SQL = Statements("services.orders")
_ORDER_BY_ID = SQL["order_by_id"]
_LAST_CANCELLATION = SQL["last_cancellation"]

OrderStatus = Literal["pending", "placed", "completed", "failed", "cancelling", "cancelled"]


class Failure(NamedTuple):
    """Why something came to nothing: ``status`` as HTTP has it, ``undone`` names steps."""

    code: str
    reason: str
    status: int
    undone: tuple[str, ...] = ()


class Order(NamedTuple):
    """One order; ``amount`` in minor units of ``currency``, the delivery an ISO 8601 date, times in
    Unix milliseconds. ``saga`` is None while its saga is not known to have begun.
    """

    id: int
    tenant: int
    user_id: int
    product_id: int
    quantity: int
    status: OrderStatus
    amount: int | None
    currency: str | None
    address: str | None
    expected_delivery: str | None
    saga: int | None
    created_at: int
    updated_at: int
    failure: Failure | None

    @property
    def settled(self) -> bool:
        """Whether it has come to an end, good or bad."""
        return self.status not in ("pending", "placed", "cancelling")


class Cancellation(NamedTuple):
    """The ``number``-th request to cancel an order, and why it failed if it did."""

    number: int
    status: Literal["open", "done", "failed"]
    failure: Failure | None


def subject(tenant: int, order_id: int) -> tuple[str, int, int]:
    """What is woken when something about the order changes."""
    return ("order", tenant, order_id)


def find_order(db: sqlite3.Connection, tenant: int, order_id: int) -> Order | None:
    """The tenant's order of that id."""
    found = db.execute(_ORDER_BY_ID, {"tenant": tenant, "order_id": order_id}).fetchone()
    if found is None:
        return None
    *fields, code, reason, status, undone = found
    failure = Failure(code, reason, status, tuple(json.loads(undone))) if code else None
    return Order._make((*fields, failure))


def last_cancellation(db: sqlite3.Connection, tenant: int, order_id: int) -> Cancellation | None:
    """The last request to cancel the tenant's order."""
    found = db.execute(_LAST_CANCELLATION, {"tenant": tenant, "order_id": order_id}).fetchone()
    if found is None:
        return None
    number, state, code, reason, status = found
    return Cancellation(number, state, Failure(code, reason, status) if code else None)
