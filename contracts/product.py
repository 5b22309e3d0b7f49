"""The language of the product service: what a thing costs."""

from typing import Annotated

from pydantic import Field

from contracts.messages import Command, Message, Reply


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


class Item(Message):
    """So many pieces of one product. Whether that can be had is said when an order is validated."""

    product_id: Annotated[int, Field(gt=-(2**53), lt=2**53)]
    quantity: Annotated[int, Field(gt=-(2**53), lt=2**53)]


class ItemPrice(Message):
    """What one piece of a product costs, in minor units of ``currency``."""

    product_id: int
    name: str
    unit_price: int
    currency: str


class ItemsQuoted(Reply):
    """The prices of those products that there are, each once."""

    prices: list[ItemPrice]


class QuoteItems(Command):
    """Say what the products of a list cost; of one that there is not, nothing is said."""

    service = "product"
    reply = ItemsQuoted

    items: Annotated[list[Item], Field(max_length=100)]
