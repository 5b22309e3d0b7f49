"""Schedules shipments to where users live, and cancels them unless they have left."""

from datetime import UTC, datetime, timedelta

from contracts.shipping import (
    CancelShipment,
    ScheduleShipment,
    ShipmentCancelled,
    ShipmentScheduled,
)
from infra.datastore import Statements
from services.participant import Participant, Refusal, Work
from services.shipping.shipments import books, seed

_SQL = Statements("services.shipping")
_ADDRESS = _SQL["address"]
_DAYS = _SQL["days"]
_SCHEDULE = _SQL["schedule"]
_LAST_SHIPMENT = _SQL["last_shipment"]
_SET_STATUS = _SQL["set_status"]

participant = Participant("shipping", package="services.shipping", seed=seed, books=books)


@participant.handles(ScheduleShipment)
def schedule(command: ScheduleShipment, work: Work) -> ShipmentScheduled:
    """Schedule a shipment to the user's address; refused when it is unknown or not served.

    Refused too when another saga scheduled one for the order, cancelled since or not: an order's id
    is used once. The saga itself may ask again in a new round, once its last was undone (DESIGN law
    4).
    """
    order = {"tenant": work.tenant, "order_id": command.order_id}
    last = work.db.execute(_LAST_SHIPMENT, order).fetchone()
    if last is not None and (last[2] != work.saga or last[1] != "cancelled"):
        reason = f"a shipment of order {command.order_id} was scheduled before"
        raise Refusal("already_scheduled", reason)
    address, days = _destination(work, command.user_id)
    today = datetime.fromtimestamp(work.now / 1_000, UTC).date()
    shipment = {
        "tenant": work.tenant,
        "saga": work.saga,
        "address": address,
        "expected_delivery": (today + timedelta(days=days)).isoformat(),
        "at": work.now,
        **command.model_dump(),
    }
    shipment_id = work.db.execute(_SCHEDULE, shipment).lastrowid
    return ShipmentScheduled(
        shipment_id=shipment_id or 0,
        address=address,
        expected_delivery=shipment["expected_delivery"],
    )


@participant.handles(CancelShipment)
def cancel(command: CancelShipment, work: Work) -> ShipmentCancelled:
    """Cancel the order's shipment; refused when it has left. Asked again it answers the same."""
    order = {"tenant": work.tenant, "order_id": command.order_id}
    last = work.db.execute(_LAST_SHIPMENT, order).fetchone()
    if last is None:
        raise Refusal("shipment_not_found", f"order {command.order_id} has no shipment")
    shipment_id, status, _ = last
    if status == "left":
        raise Refusal("shipment_left", f"the shipment of order {command.order_id} has left")
    if status == "scheduled":
        changed = {"tenant": work.tenant, "id": shipment_id, "status": "cancelled"}
        work.db.execute(_SET_STATUS, changed)
    return ShipmentCancelled(shipment_id=shipment_id)


def _destination(work: Work, user_id: int) -> tuple[str, int]:
    """The user's address in one line, and how many days a delivery there takes."""
    user = {"tenant": work.tenant, "user_id": user_id}
    found = work.db.execute(_ADDRESS, user).fetchone()
    if found is None:
        raise Refusal("address_unknown", f"no address of user {user_id} is known")
    street, city, country = found
    zone = work.db.execute(_DAYS, {"tenant": work.tenant, "country": country}).fetchone()
    if zone is None:
        raise Refusal("address_not_served", f"{city}, {country} is not served")
    return f"{street}, {city}, {country}", zone[0]
