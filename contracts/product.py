"""The language of the product service: what a thing costs."""

from typing import Annotated

from pydantic import Field

from contracts.messages import Command, Reply


class ProductQuoted(Reply):
    """The product exists; ``unit_price`` and ``amount`` are minor units of ``currency``."""

    product_id: int
    name: str
    unit_price: int
    amount: int
    currency: str


class QuoteProduct(Command):
    """Say what so many pieces of a product cost."""

    service = "product"
    reply = ProductQuoted
    refusals = {"product_not_found": 404}

    product_id: int
    quantity: Annotated[int, Field(gt=0)]
