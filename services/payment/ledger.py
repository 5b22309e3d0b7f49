"""The accounts as a whole: where they come from, and whether they balance."""

import sqlite3
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.topics import DEFAULT_TENANT
from infra.datastore import Statements
from services.participant import Books, Check

_SQL = Statements("services.payment")
_SEED_ACCOUNT = _SQL["seed_account"]
_LEDGER = _SQL["ledger"]
_PAYMENTS = _SQL["payments"]


class Account(BaseModel):
    """An account of the seed data; ``balance`` in minor units of ``currency``."""

    model_config = ConfigDict(extra="forbid")

    user_id: Annotated[int, Field(gt=0)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    balance: Annotated[int, Field(ge=0)]


class Seed(BaseModel):
    """The seed data of this service."""

    model_config = ConfigDict(extra="forbid")

    accounts: list[Account]


def seed(db: sqlite3.Connection, data: Any) -> None:
    """Open the accounts that are not there yet. Raises pydantic.ValidationError."""
    accounts = Seed.model_validate(data).accounts
    rows = ({"tenant": DEFAULT_TENANT, **account.model_dump()} for account in accounts)
    db.executemany(_SEED_ACCOUNT, rows)


def books(db: sqlite3.Connection) -> Books:
    """Every account: opening balance - charges + refunds = balance; and the payments of orders,
    each of which stands or does not as its events say.
    """
    titles = ("tenant", "user", "currency", "opening", "charged", "refunded", "balance")
    rows = tuple(db.execute(_LEDGER))
    checks = tuple(
        Check(f"balance of user {user} in {currency}", opening - charged + refunded, balance)
        for _, user, currency, opening, charged, refunded, balance in rows
    )
    return Books("accounts", titles, rows, (*checks, *_payments(db)))


def _payments(db: sqlite3.Connection) -> Iterator[Check]:
    """What was paid and not given back, in each currency, and that each payment alone adds up."""
    found = db.execute(_PAYMENTS).fetchall()
    for currency in sorted({row[3] for row in found}):
        sums = [row[4:] for row in found if row[3] == currency]
        moved = sum(charged - refunded for charged, refunded, _ in sums)
        yield Check(f"payments of orders in {currency}", moved, sum(row[2] for row in sums))
    wrong = [row for row in found if row[4] - row[5] != row[6]]
    yield Check("payments of orders that do not add up", 0, len(wrong))
