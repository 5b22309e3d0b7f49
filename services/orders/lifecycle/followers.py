"""Orders as a follower of what their sagas tell: where each order stands, and its history.

Events of one saga come in their order; those of its child, and those of the business, come beside
them. So each changes only what it knows of, and what has ended stays ended.
"""

import json
import re
from datetime import datetime
from typing import Final

from contracts.lifecycle import (
    LifecycleCompleted,
    LifecycleFailed,
    LifecycleStarted,
    OrderAddressUpdated,
    StartOrder,
)
from contracts.saga_events import (
    SagaEvent,
    SagaLate,
    SagaMoved,
    SagaNeedsOperator,
    SagaProgressed,
    SagaRefused,
    SagaRepaired,
    SagaSignalled,
    SagaTurned,
)
from services.orders.handlers import participant
from services.orders.lifecycle.handlers import CANCELLED
from services.orders.lifecycle.model import (
    CLOSED,
    SQL,
    Lifecycle,
    by_reference,
    by_saga,
    by_saga_key,
    signal_of,
)
from services.orders.lifecycle.record import ORCHESTRATOR, Record, dumps, wake
from services.orders.lifecycle.starts import LIFECYCLE
from services.participant import Work

_STEP: Final = SQL["step"]
_SET_ADDRESS: Final = SQL["set_address"]
_SET_RESULT: Final = SQL["set_result"]
_SET_FAILURE: Final = SQL["set_failure"]
_SET_LATE: Final = SQL["set_late"]
_DECIDE_SIGNAL: Final = SQL["decide_signal"]
_INSERT_SIGNAL: Final = SQL["insert_signal"]
_REFUSE_SIGNALS: Final = SQL["refuse_signals"]
_CHILD_KEY: Final = re.compile(r"\d+/(\d+)/.*/do/\d+")


@participant.consumes(LifecycleStarted)
def started(event: LifecycleStarted, work: Work) -> None:
    """Its saga has begun; an order that was not taken here is known from now on."""
    order = by_reference(work.db, work.tenant, event.order_id)
    key = work.message.get("requestkey", "")
    if order is None:
        wanted = StartOrder.model_validate(event.model_dump())
        order = Record.take(work.db, work.tenant, key, wanted, _at(work)).order
    if order.saga_key == key and order.saga in (None, work.saga):
        _record(work, order).began(work.saga)
        wake(work, order)


@participant.consumes(OrderAddressUpdated)
def address_updated(event: OrderAddressUpdated, work: Work) -> None:
    """It goes elsewhere from now on: the old address is kept in the history."""
    order = by_saga(work.db, work.tenant, work.saga)
    if order is None:
        return
    record = Record(work.db, order, event.at, work.saga)
    new = event.new_address.model_dump()
    changed = {"old": json.loads(order.address), "new": new, "reason": event.reason}
    record.note("address", event.by, signal=event.id, **changed)
    record.write(_SET_ADDRESS, address=dumps(new))
    wake(work, order)


@participant.consumes(LifecycleCompleted)
def completed(event: LifecycleCompleted, work: Work) -> None:
    """It is paid and with the carrier."""
    order = by_saga(work.db, work.tenant, work.saga)
    if order is None:
        return
    record = _record(work, order)
    result = dumps(event.model_dump(exclude={"order_id"}))
    record.write(_SET_RESULT, result=result, amount=event.amount, currency=event.currency)
    record.set_status("completed", ORCHESTRATOR)
    wake(work, order)


@participant.consumes(LifecycleFailed)
def failed(event: LifecycleFailed, work: Work) -> None:
    """It came to nothing. Where its undo never reached the order itself, that is closed here."""
    order = by_saga(work.db, work.tenant, work.saga)
    if order is not None:
        _come_to_nothing(work, order, event)


def refused(event: SagaRefused, work: Work) -> None:
    """A start of ours was refused: there is no saga, and so nothing comes of the order."""
    order = by_saga_key(work.db, work.tenant, work.message.get("requestkey", ""))
    if event.definition == LIFECYCLE and order is not None and order.saga is None:
        _come_to_nothing(work, order, event)
        _record(work, order).write(_REFUSE_SIGNALS, why="the order's saga was refused")


@participant.consumes(SagaProgressed)
def progressed(event: SagaProgressed, work: Work) -> None:
    """Steps of its saga, or of its child, have moved."""
    order, above = _where(work, event)
    if order is None:
        return
    record = _record(work, order)
    for move in event.moves:
        path, moved = f"{above}{move.step}", move.model_dump(exclude={"step"})
        known = {name: value for name, value in moved.items() if value != 0}
        record.note("step", ORCHESTRATOR, step=path, **known)
        record.write(_STEP, path=path, **moved)
    if order.parked == work.saga:  # what is parked decides nothing: it was resumed
        record.park(0)
    record.restate()
    wake(work, order)


@participant.consumes(SagaSignalled)
def signalled(event: SagaSignalled, work: Work) -> None:
    """It was told something, by way of this service or another: what became of that."""
    order = _of(work, event)
    if order is None:
        return
    record, found = _record(work, order), signal_of(work.db, order, event.id)
    told = {"signal": event.signal, "outcome": event.outcome, "why": event.why}
    data = event.data if found is None else json.loads(found.data)
    record.note("signal", event.by, id=event.id, reason=event.reason, data=data, **told)
    if found is None:
        asked = {"actor": event.by, "reason": event.reason, "data": dumps(data), "asked": 1}
        record.write(_INSERT_SIGNAL, signal_id=event.id, **told, **asked, decided_at=_at(work))
    else:
        record.write(_DECIDE_SIGNAL, signal_id=event.id, outcome=event.outcome, why=event.why)
    wake(work, order)


@participant.consumes(SagaTurned)
def turned(event: SagaTurned, work: Work) -> None:
    """It will come to nothing, and what was done is undone: at once where its own saga says so. Its
    child says it sooner where it fails by itself, and else is only told what its parent knows.
    """
    order = _of(work, event)
    if order is None and event.parent and event.code != CANCELLED:
        order = by_saga(work.db, work.tenant, event.parent)
    if order is None or order.turned:
        return
    record = _record(work, order)
    record.turn("cancelling" if event.code == CANCELLED else "failing")
    failure = {"code": event.code, "reason": event.reason}
    record.write(_SET_FAILURE, **failure, status=event.status, undone="[]")
    record.restate(**failure)
    wake(work, order)


@participant.consumes(SagaRepaired)
def repaired(event: SagaRepaired, work: Work) -> None:
    """A person decided how it goes on, where its saga or its child stood still."""
    order, above = _where(work, event)
    if order is not None:
        path = event.step and f"{above}{event.step}"
        what = {"action": event.action, "step": path, "direction": event.direction}
        _record(work, order).note("repair", event.by, **what, reason=event.reason)
        wake(work, order)


@participant.consumes(SagaMoved)
def goes_on(event: SagaMoved, work: Work) -> None:
    """A person decided that its saga, or its child, goes on by another version."""
    order, _ = _where(work, event)
    if order is not None:
        what = {"definition": event.definition, "version": event.version}
        _record(work, order).note("move", event.by, **what, reason=event.reason)
        wake(work, order)


@participant.consumes(SagaLate)
def late(event: SagaLate, work: Work) -> None:
    """Its deadline has passed where there was no way back any more: of its saga, or of the child
    that keeps the deadline meanwhile, whichever tells it first.
    """
    order = _of_family(work, event)
    if order is not None and not order.late:
        record = _record(work, order)
        record.note("late", ORCHESTRATOR, committed=event.committed)
        record.write(_SET_LATE)
        wake(work, order)


@participant.consumes(SagaNeedsOperator)
def needs_operator(event: SagaNeedsOperator, work: Work) -> None:
    """Its saga, or its child, waits for a person."""
    order = _of_family(work, event)
    if order is None:
        return
    record = _record(work, order)
    place = {"step": event.step, "direction": event.direction, "cause": event.cause}
    record.note("needs_operator", ORCHESTRATOR, definition=event.definition, **place)
    if not event.step:  # not one step stands still, but the saga
        record.park(work.saga)
        record.restate()
    wake(work, order)


def _of(work: Work, event: SagaEvent) -> Lifecycle | None:
    """The order whose own saga tells this; its first event may be the first that is heard of it."""
    if event.definition != LIFECYCLE:
        return None
    order = by_saga(work.db, work.tenant, work.saga)
    if order is None:
        order = by_saga_key(work.db, work.tenant, work.message.get("requestkey", ""))
        if order is not None:
            record = _record(work, order)
            record.began(work.saga)
            order = record.order
    return order


def _where(
    work: Work, event: SagaProgressed | SagaRepaired | SagaMoved
) -> tuple[Lifecycle | None, str]:
    """The order whose own saga tells this, or its child; and what stands before a step's name in
    its path.
    """
    order = _of(work, event)
    if order is None and event.parent:
        return by_saga(work.db, work.tenant, event.parent), f"{event.definition}/"
    return order, ""


def _of_family(work: Work, event: SagaEvent) -> Lifecycle | None:
    """The order whose own saga tells this, or its child, whose request key names its parent."""
    child = _CHILD_KEY.fullmatch(work.message.get("requestkey", ""))
    if event.definition != LIFECYCLE and child is not None:
        return by_saga(work.db, work.tenant, int(child[1]))
    return _of(work, event)


def _come_to_nothing(work: Work, order: Lifecycle, why: LifecycleFailed | SagaRefused) -> None:
    record = _record(work, order)
    status = "cancelled" if why.code == CANCELLED else "failed"
    undone = getattr(why, "undone", [])
    failure = {"code": why.code, "reason": why.reason}
    record.write(_SET_FAILURE, **failure, status=why.status, undone=dumps(undone))
    if order.state not in CLOSED:
        record.set_state(status, ORCHESTRATOR, **failure)
    record.set_status(status, ORCHESTRATOR, **failure, undone=undone)
    wake(work, order)


def _record(work: Work, order: Lifecycle) -> Record:
    return Record(work.db, order, _at(work), work.saga)


def _at(work: Work) -> int:
    """When it happened, as the event says, in Unix milliseconds; else now."""
    told = work.message.get("time")
    return round(datetime.fromisoformat(told).timestamp() * 1_000) if told else work.now
