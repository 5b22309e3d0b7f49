"""The stock as a whole: where it comes from, and whether it adds up."""

import sqlite3
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.topics import DEFAULT_TENANT
from infra.datastore import Statements
from services.participant import Books, Check

_SQL = Statements("services.inventory")
_SEED_STOCK = _SQL["seed_stock"]
_HOLDINGS = _SQL["holdings"]


class Pieces(BaseModel):
    """So many pieces of a product, of the seed data."""

    model_config = ConfigDict(extra="forbid")

    product_id: Annotated[int, Field(gt=0)]
    quantity: Annotated[int, Field(ge=0)]


class Seed(BaseModel):
    """The seed data of this service."""

    model_config = ConfigDict(extra="forbid")

    stock: list[Pieces]


def seed(db: sqlite3.Connection, data: Any) -> None:
    """Stock the products that are not there yet. Raises pydantic.ValidationError."""
    stock = Seed.model_validate(data).stock
    db.executemany(_SEED_STOCK, ({"tenant": DEFAULT_TENANT, **p.model_dump()} for p in stock))


def books(db: sqlite3.Connection) -> Books:
    """Every product: opening stock - reserved + restored = available."""
    titles = ("tenant", "product", "opening", "reserved", "restored", "available")
    rows = tuple(db.execute(_HOLDINGS))
    checks = tuple(
        Check(f"stock of product {product}", opening - reserved + restored, available)
        for _, product, opening, reserved, restored, available in rows
    )
    return Books("stock", titles, rows, checks)
