"""What was taken and given back, step by step, and whether the account says the same."""

import sqlite3

from infra.datastore import Statements
from services.participant import Books, Check

_SQL = Statements("services.chaos")
_BALANCE = _SQL["balance"]
_EFFECTS = _SQL["effects"]


def books(db: sqlite3.Connection) -> Books:
    """For each step of each saga: how often it was done and undone, and the amount that stands."""
    rows = tuple(db.execute(_EFFECTS))
    standing = sum(row[4] for row in rows)
    balance = int(db.execute(_BALANCE).fetchone()[0])
    check = Check("balance of the account", -standing, balance)
    return Books("effects", ("saga", "step", "done", "undone", "amount"), rows, (check,))
