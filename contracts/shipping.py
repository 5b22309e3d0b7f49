"""The language of the shipping service: shipments to the addresses it knows, and packages to
addresses that it is told.
"""

from typing import Annotated

from pydantic import Field

from contracts.address import Address
from contracts.messages import Command, Message, Reply
from contracts.product import Item


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


class ShipOrder(Message):
    """What the child saga of an order's lifecycle is to bring where."""

    order_id: str
    items: list[Item]
    address: Address


class PackagePrepared(Reply):
    """The order's package stands ready; ``shipped_to`` is its address in one line."""

    package_id: int
    shipped_to: str


class PreparePackage(Command):
    """Prepare the order's package for this address; one that its saga has prepared already goes
    there from now on.
    """

    service = "shipping"
    reply = PackagePrepared
    refusals = {"address_not_served": 409, "already_prepared": 409, "already_dispatched": 409}

    order_id: str
    items: list[Item]
    address: Address


class PackageUnprepared(Reply):
    """The package is unpacked again; ``package_id`` 0 if there was none."""

    package_id: int


class UnpreparePackage(Command):
    """Unpack the order's package."""

    service = "shipping"
    reply = PackageUnprepared
    refusals = {"already_dispatched": 409}

    order_id: str


class CarrierDispatched(Reply):
    """The carrier has the package; ``dispatched_at`` is an ISO 8601 time."""

    carrier: str
    tracking_number: str
    dispatched_at: str


class DispatchCarrier(Command):
    """Hand the prepared package of the order to the carrier. From then on there is no way back."""

    service = "shipping"
    reply = CarrierDispatched
    refusals = {"package_not_prepared": 409}

    order_id: str
    package_id: int


class OrderDispatched(Reply):
    """The end of the child saga: the carrier has the order's package."""

    package_id: int
    shipped_to: str
    carrier: str
    tracking_number: str
    dispatched_at: str
