"""The language of the inventory service: pieces in stock."""

from typing import Annotated

from pydantic import Field

from contracts.messages import Command, Reply


class StockReserved(Reply):
    """The pieces are set aside for the order."""

    reservation_id: int


class ReserveStock(Command):
    """Set pieces of a product aside for an order: once, not again when they were put back."""

    service = "inventory"
    reply = StockReserved
    refusals = {"out_of_stock": 409, "already_reserved": 409}

    order_id: int
    product_id: int
    quantity: Annotated[int, Field(gt=0)]


class StockRestored(Reply):
    """The pieces are back in stock; a quantity of 0 if none were reserved."""

    quantity: int


class RestoreStock(Command):
    """Put back whatever was set aside for an order."""

    service = "inventory"
    reply = StockRestored

    order_id: int
