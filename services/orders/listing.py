"""Orders of both kinds, the newest first, a page at a time."""

import sqlite3
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, NamedTuple

from fastapi import Query

from services.orders.lifecycle.model import SQL, by_reference, steps_of
from services.orders.lifecycle.views import order_view
from services.orders.model import find_order
from services.orders.views import view

_PAGE: Final = SQL["page"]
_END: Final = f"{2**53}-fulfillment-{2**53}"

AnyStatus = Literal[
    "pending",
    "placed",
    "running",
    "needs_operator",
    "completed",
    "failing",
    "failed",
    "cancelling",
    "cancelled",
]
Cursor = Annotated[
    str,
    Query(
        pattern=r"^\d{1,16}-(fulfillment|lifecycle)-\d{1,16}$",
        description="from where to go on, as `next` of the page before says",
    ),
]


class Page(NamedTuple):
    """Some orders as they are shown, and from where to go on; empty at the end."""

    items: list[dict[str, Any]]
    after: str


def page(
    db: sqlite3.Connection, tenant: int, status: AnyStatus | None, after: Cursor | None, limit: int
) -> Page:
    """So many orders of a tenant, in that status if one is named, behind the cursor."""
    at, kind, number = (after or _END).split("-")
    place = {"tenant": tenant, "status": status, "at": int(at), "kind": kind, "id": int(number)}
    rows = db.execute(_PAGE, {**place, "limit": limit + 1}).fetchall()
    shown = rows[:limit]
    last = "-".join(map(str, (shown[-1][3], *shown[-1][:2]))) if len(rows) > limit else ""
    return Page(list(_shown(db, tenant, shown)), last)


def _shown(db: sqlite3.Connection, tenant: int, rows: list[Any]) -> Iterator[dict[str, Any]]:
    for kind, number, reference, _ in rows:
        if kind == "fulfillment":
            order = find_order(db, tenant, number)
            if order is not None:
                yield view(order).model_dump(by_alias=True, exclude_unset=True)
        else:
            led = by_reference(db, tenant, reference)
            if led is not None:
                yield order_view(led, steps_of(db, led))
