"""Packages of order lifecycles: prepared for an address, perhaps for another one afterwards, and
handed to the carrier.
"""

from typing import Final

import msgspec

from contracts.shipping import (
    CarrierDispatched,
    DispatchCarrier,
    PackagePrepared,
    PackageUnprepared,
    PreparePackage,
    UnpreparePackage,
)
from infra.clock import rfc3339
from infra.datastore import Statements
from services.participant import Refusal, Work, flaky_call
from services.shipping.handlers import participant

CARRIER: Final = "Parcel Post"

_SQL = Statements("services.shipping")
_SERVED = _SQL["served"]
_LAST = _SQL["last_package"]
_PREPARE = _SQL["prepare"]
_SET = _SQL["set_package"]
_DISPATCH = _SQL["dispatch"]
_NOTE = _SQL["note_package"]


@participant.handles(PreparePackage)
def prepare(command: PreparePackage, work: Work) -> PackagePrepared:
    """Prepare a package for the address; refused where nothing is brought to.

    Its saga may ask again in a new round, with another address: the package stays, and goes there.
    A package that another saga has prepared, or that has left, is not touched.
    """
    flaky_call(work, command.order_id)
    country = {"tenant": work.tenant, "country": command.address.country}
    if work.db.execute(_SERVED, country).fetchone() is None:
        where = f"{command.address.city}, {command.address.country}"
        raise Refusal("address_not_served", f"{where} is not served")
    number, status, saga = _last(work, command.order_id)
    if status == "dispatched":
        raise Refusal("already_dispatched", f"the package of {command.order_id} has left")
    if status == "prepared" and saga != work.saga:
        reason = f"a package of {command.order_id} was prepared before, by another saga"
        raise Refusal("already_prepared", reason)
    content = {
        "items": msgspec.json.encode([item.model_dump() for item in command.items]).decode(),
        "address": command.address.model_dump_json(),
        "at": work.now,
    }
    if status == "prepared":
        work.db.execute(_SET, {**content, "id": number, "status": "prepared"})
    else:
        made = {**content, "tenant": work.tenant, "order_id": command.order_id, "saga": work.saga}
        number = work.db.execute(_PREPARE, made).lastrowid or 0
    _note(work, number)
    return PackagePrepared(package_id=number, shipped_to=command.address.line)


@participant.handles(UnpreparePackage)
def unprepare(command: UnpreparePackage, work: Work) -> PackageUnprepared:
    """Unpack the package that this saga has prepared; refused when it has left."""
    number, status, saga = _last(work, command.order_id)
    if saga != work.saga:
        return PackageUnprepared(package_id=0)
    if status == "dispatched":
        raise Refusal("already_dispatched", f"the package of {command.order_id} has left")
    if status == "prepared":
        unpacked = {"id": number, "status": "unprepared", "at": work.now}
        work.db.execute(_SET, {**unpacked, "items": None, "address": None})
        _note(work, number)
    return PackageUnprepared(package_id=number)


@participant.handles(DispatchCarrier)
def dispatch(command: DispatchCarrier, work: Work) -> CarrierDispatched:
    """Hand the package to the carrier; refused where this saga has none that stands ready."""
    flaky_call(work, command.order_id)
    number, status, saga = _last(work, command.order_id)
    if (number, saga) != (command.package_id, work.saga) or status == "unprepared":
        reason = f"no package of {command.order_id} with the number {command.package_id} is ready"
        raise Refusal("package_not_prepared", reason)
    tracking = f"PP{number:010d}"
    if status == "prepared":
        left = {"id": number, "carrier": CARRIER, "tracking": tracking, "at": work.now}
        work.db.execute(_DISPATCH, left)
        _note(work, number)
    at = rfc3339(work.now)
    return CarrierDispatched(carrier=CARRIER, tracking_number=tracking, dispatched_at=at)


def _last(work: Work, order_id: str) -> tuple[int, str, int]:
    """Number, status and saga of the order's last package; (0, "", 0) where there is none."""
    order = {"tenant": work.tenant, "order_id": order_id}
    found: tuple[int, str, int] | None = work.db.execute(_LAST, order).fetchone()
    return found or (0, "", 0)


def _note(work: Work, number: int) -> None:
    """Write down what became of the package, in the transaction of the change."""
    noted = {"id": number, "saga": work.saga, "round": work.message["round"], "at": work.now}
    work.db.execute(_NOTE, noted)
