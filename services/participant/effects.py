"""What a participant's database holds of one saga: the proof of what was really done and undone."""

import sqlite3
from typing import NamedTuple

from contracts.envelope import Direction
from infra.datastore import Statements

_SQL = Statements("services.participant", "effects.sql")
_EFFECTS = _SQL["effects"]
_SEEN = _SQL["seen"]


class Effect(NamedTuple):
    """One stored outcome of a step: succeeded or refused (failures leave nothing)."""

    step: str
    direction: Direction
    outcome: str


def effects(db: sqlite3.Connection, tenant: int, saga: int) -> list[Effect]:
    """Every stored outcome of a saga here, by step, direction and round."""
    return [Effect(*row) for row in db.execute(_EFFECTS, (tenant, saga))]


def seen(db: sqlite3.Connection, event: str) -> bool:
    """Whether the event of that id was taken in."""
    return db.execute(_SEEN, (event,)).fetchone() is not None
