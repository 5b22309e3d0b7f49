"""The history of an order, a page at a time, in order of time."""

import sqlite3
from typing import Annotated, Any, Final

from fastapi import Query

from services.orders.lifecycle.model import SQL, Lifecycle
from services.orders.lifecycle.views import event_view

_HISTORY: Final = SQL["history"]

HistoryCursor = Annotated[
    str,
    Query(
        pattern=r"^\d{1,16}-[01]-\d{1,16}$",
        description="from where to go on, as `next` of the page before says",
    ),
]


def history_page(
    db: sqlite3.Connection, order: Lifecycle, after: HistoryCursor | None, limit: int
) -> tuple[list[dict[str, Any]], str]:
    """So many lines behind the cursor, and from where to go on; empty at the end."""
    at, ends, number = map(int, (after or "0-0-0").split("-"))
    place = {"id": order.id, "at": at, "ends": ends, "after": number, "limit": limit + 1}
    rows = db.execute(_HISTORY, place).fetchall()
    shown = rows[:limit]
    more = len(rows) > limit
    last = f"{shown[-1][1]}-{shown[-1][-1]}-{shown[-1][0]}" if more else ""
    return [event_view(*row[:-1]) for row in shown], last
