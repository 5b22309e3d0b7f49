"""What is ordered, and where it goes, where nobody says so: from the seed data."""

import json
import sqlite3
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from contracts.address import Address
from contracts.lifecycle import Items
from contracts.topics import DEFAULT_TENANT
from services.orders.lifecycle.model import SQL

_SEED: Final = SQL["seed_defaults"]
_DEFAULTS: Final = SQL["defaults"]


class Seed(BaseModel):
    """The seed data of this service."""

    model_config = ConfigDict(extra="forbid")

    items: Items
    address: Address


class Defaults(NamedTuple):
    """Items and address as JSON values."""

    items: list[dict[str, Any]]
    address: dict[str, Any]


def seed(db: sqlite3.Connection, data: Any) -> None:
    """Keep the defaults, unless there are some. Raises pydantic.ValidationError."""
    checked = Seed.model_validate(data).model_dump()
    fields = {name: json.dumps(value) for name, value in checked.items()}
    db.execute(_SEED, {"tenant": DEFAULT_TENANT, **fields})


def defaults(db: sqlite3.Connection, tenant: int) -> Defaults | None:
    """Those of the tenant, if there are any."""
    found = db.execute(_DEFAULTS, {"tenant": tenant}).fetchone()
    return None if found is None else Defaults(*map(json.loads, found))
