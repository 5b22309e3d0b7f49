"""The catalogue as a whole: where it comes from, and what is in it."""

import sqlite3
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.topics import DEFAULT_TENANT
from infra.datastore import Statements
from services.participant import Books

_SQL = Statements("services.product")
_SEED_PRODUCT = _SQL["seed_product"]
_CATALOGUE = _SQL["catalogue"]


class Product(BaseModel):
    """A product of the seed data; ``unit_price`` in minor units of ``currency``."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[int, Field(gt=0)]
    name: Annotated[str, Field(min_length=1)]
    unit_price: Annotated[int, Field(ge=0)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


class Seed(BaseModel):
    """The seed data of this service."""

    model_config = ConfigDict(extra="forbid")

    products: list[Product]


def seed(db: sqlite3.Connection, data: Any) -> None:
    """Add the products that are not there yet. Raises pydantic.ValidationError."""
    products = Seed.model_validate(data).products
    rows = ({"tenant": DEFAULT_TENANT, **product.model_dump()} for product in products)
    db.executemany(_SEED_PRODUCT, rows)


def books(db: sqlite3.Connection) -> Books:
    """The catalogue. There is nothing to balance."""
    titles = ("tenant", "product", "name", "unit price", "currency")
    return Books("catalogue", titles, tuple(db.execute(_CATALOGUE)))
