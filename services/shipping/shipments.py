"""Shipments as a whole: the zones and addresses they go to, what has left, and the books."""

import sqlite3
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.topics import DEFAULT_TENANT
from infra.datastore import Statements
from services.participant import Books, Check

_SQL = Statements("services.shipping")
_LAST_SHIPMENT = _SQL["last_shipment"]
_SET_STATUS = _SQL["set_status"]
_SEED_ZONE = _SQL["seed_zone"]
_SEED_ADDRESS = _SQL["seed_address"]
_SHIPMENTS = _SQL["shipments"]
_STANDING = _SQL["standing_by_order"]
_STANDING_PACKAGES = _SQL["standing_packages"]

Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]


class Zone(BaseModel):
    """A country that is served, of the seed data; a delivery takes so many ``days``. ``alpha3`` is
    its other code.
    """

    model_config = ConfigDict(extra="forbid")

    country: Country
    days: Annotated[int, Field(gt=0)]
    alpha3: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None


class Address(BaseModel):
    """Where a user lives, of the seed data."""

    model_config = ConfigDict(extra="forbid")

    user_id: Annotated[int, Field(gt=0)]
    street: Annotated[str, Field(min_length=1)]
    city: Annotated[str, Field(min_length=1)]
    country: Country


class Seed(BaseModel):
    """The seed data of this service."""

    model_config = ConfigDict(extra="forbid")

    zones: list[Zone]
    addresses: list[Address]


def seed(db: sqlite3.Connection, data: Any) -> None:
    """Add the zones and addresses that are not there yet. Raises pydantic.ValidationError."""
    checked = Seed.model_validate(data)
    tenant = {"tenant": DEFAULT_TENANT}
    db.executemany(_SEED_ZONE, (tenant | zone.model_dump() for zone in checked.zones))
    db.executemany(_SEED_ADDRESS, (tenant | a.model_dump() for a in checked.addresses))


def mark_left(db: sqlite3.Connection, tenant: int, order_id: int) -> bool:
    """The parcel was handed to the carrier: from now on it cannot be cancelled.

    To be called within a transaction. False when the order has no shipment that could leave.
    """
    key = {"tenant": tenant, "order_id": order_id}
    last = db.execute(_LAST_SHIPMENT, key).fetchone()
    if last is None or last[1] != "scheduled":
        return False
    db.execute(_SET_STATUS, {"tenant": tenant, "id": last[0], "status": "left"})
    return True


def books(db: sqlite3.Connection) -> Books:
    """Every shipment; no order has two that stand, and no two packages either."""
    titles = ("tenant", "shipment", "order", "user", "product", "quantity", "address")
    rows = tuple(db.execute(_SHIPMENTS))
    checks = tuple(
        Check(f"shipments of order {order} that stand", 1, standing)
        for _, order, standing in db.execute(_STANDING)
    )
    standing, orders = db.execute(_STANDING_PACKAGES).fetchone()
    packages = Check("packages that stand, one for each order", orders, standing)
    return Books("shipments", (*titles, "delivery", "status"), rows, (*checks, packages))
