"""The times of the processes of these tests, and what their services have in their databases."""

import contextlib
import sqlite3

from tests.acceptance.conftest import Saga

# Long enough for a test to act meanwhile on a machine that is busy, and no longer.
HANGS_S = 6
# An order in which nothing hangs keeps it also there; one in which something hangs does not.
DEADLINE_S = 10
SLOW = {
    "order-lifecycle": {
        "deadline": 120,
        "steps": {
            name: {"timeout": HANGS_S} for name in ("receive", "validate", "payment", "ship")
        },
    },
    "shipping": {"steps": {name: {"timeout": HANGS_S} for name in ("prepare", "dispatch")}},
}
PERSON = {
    "order-lifecycle": {
        "deadline": DEADLINE_S,
        "steps": {
            "review": {"person": True},
            "payment": {"timeout": DEADLINE_S + HANGS_S},
            "ship": {"timeout": DEADLINE_S + HANGS_S},
        },
    },
    "shipping": {"steps": {"dispatch": {"timeout": DEADLINE_S + HANGS_S}}},
}


def rows(saga: Saga, service: str, query: str, *given: str) -> list[tuple[object, ...]]:
    """What a service has in its own database."""
    file = saga.data / "services" / f"{service}.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        return db.execute(query, given).fetchall()


def payments(saga: Saga, order: str) -> list[object]:
    """The status of each payment of an order."""
    return [
        row[0]
        for row in rows(saga, "payment", "SELECT status FROM payments WHERE order_id = ?", order)
    ]


def packages(saga: Saga, order: str) -> list[object]:
    """The status of each package of an order."""
    return [
        row[0]
        for row in rows(saga, "shipping", "SELECT status FROM packages WHERE order_id = ?", order)
    ]
