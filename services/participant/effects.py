"""What a participant's database says of the past, for people and programs that compare."""

import sqlite3

from infra.datastore import Statements

_SQL = Statements("services.participant")
_EFFECTS = _SQL["effects"]
_SEEN = _SQL["seen"]


def effects(db: sqlite3.Connection, tenant: int, saga: int) -> list[tuple[str, str, str]]:
    """What is stored of a saga: step, direction (do, undo), outcome (succeeded, refused).

    An undo that succeeded without its do is a tombstone.
    """
    return db.execute(_EFFECTS, (tenant, saga)).fetchall()


def seen(db: sqlite3.Connection, event: str) -> bool:
    """Whether the event of that id has been taken, whatever its source."""
    return bool(db.execute(_SEEN, (event,)).fetchone()[0])
