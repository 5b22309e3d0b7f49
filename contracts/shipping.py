"""The language of the shipping service: shipments to the addresses it knows."""

from typing import Annotated

from pydantic import Field

from contracts.messages import Command, Reply


class ShipmentScheduled(Reply):
    """A shipment goes to this address; ``expected_delivery`` is an ISO 8601 date."""

    shipment_id: int
    address: str
    expected_delivery: str


class ScheduleShipment(Command):
    """Ship pieces of a product to where the user lives: once, not again after a cancellation."""

    service = "shipping"
    reply = ShipmentScheduled
    refusals = {"address_not_served": 409, "address_unknown": 409, "already_scheduled": 409}

    order_id: int
    user_id: int
    product_id: int
    quantity: Annotated[int, Field(gt=0)]


class ShipmentCancelled(Reply):
    """The shipment does not leave."""

    shipment_id: int


class CancelShipment(Command):
    """Stop the shipment of an order, unless it has left."""

    service = "shipping"
    reply = ShipmentCancelled
    refusals = {"shipment_left": 409, "shipment_not_found": 404}

    order_id: int
