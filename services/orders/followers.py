"""Orders as a follower of events: its own view of every order."""

import json
from typing import Any

from contracts.orders import OrderCancelled, OrderCompleted, OrderFailed, OrderPlaced
from contracts.saga_events import SagaFailed, SagaRefused
from services.orders.handlers import participant
from services.orders.lifecycle import followers as lifecycles
from services.orders.model import SQL, subject
from services.orders.starts import CANCELLATION, FULFILLMENT, cancellation_of, order_of
from services.participant import Work

_PLACED = SQL["order_placed"]
_COMPLETED = SQL["order_completed"]
_FAILED = SQL["order_failed"]
_SET_STATUS = SQL["set_status"]
_CANCELLATION_DONE = SQL["cancellation_done"]
_CANCELLATION_FAILED = SQL["cancellation_failed"]


@participant.consumes(OrderPlaced)
def placed(event: OrderPlaced, work: Work) -> None:
    """Its saga has begun; an order that was not taken here is known from now on."""
    _change(work, event.order_id, _PLACED, {**event.model_dump(), "saga": work.saga})


@participant.consumes(OrderCompleted)
def completed(event: OrderCompleted, work: Work) -> None:
    """It is paid, reserved and on its way."""
    _change(work, event.order_id, _COMPLETED, {**event.model_dump(), "saga": work.saga})


@participant.consumes(OrderFailed)
def failed(event: OrderFailed, work: Work) -> None:
    """It came to nothing."""
    undone = json.dumps(event.undone)
    told = {**event.model_dump(), "undone": undone, "saga": work.saga}
    _change(work, event.order_id, _FAILED, told)


@participant.consumes(OrderCancelled)
def cancelled(event: OrderCancelled, work: Work) -> None:
    """It was given back."""
    _change(work, event.order_id, _SET_STATUS, {"status": "cancelled"})
    _change(work, event.order_id, _CANCELLATION_DONE, {})


@participant.consumes(SagaRefused)
def refused(event: SagaRefused, work: Work) -> None:
    """A start of ours was refused: the order, or its cancellation, comes to nothing."""
    key = work.message.get("requestkey", "")
    order_id = order_of(key)
    if event.definition == FULFILLMENT and order_id is not None:
        why = {"code": event.code, "reason": event.reason, "status": event.status}
        _change(work, order_id, _FAILED, {**why, "undone": "[]", "saga": None})
    _cancellation_failed(event, work)
    lifecycles.refused(event, work)


@participant.consumes(SagaFailed)
def saga_failed(event: SagaFailed, work: Work) -> None:
    """A cancellation of ours failed and was undone. (Of orders that fail, OrderFailed tells.)"""
    _cancellation_failed(event, work)


def _cancellation_failed(event: SagaFailed | SagaRefused, work: Work) -> None:
    ours = cancellation_of(work.message.get("requestkey", ""))
    if event.definition == CANCELLATION and ours is not None:
        order_id, number = ours
        why = {"code": event.code, "reason": event.reason, "status": event.status}
        _change(work, order_id, _CANCELLATION_FAILED, {**why, "number": number})


def _change(work: Work, order_id: int, statement: str, fields: dict[str, Any]) -> None:
    key = {"tenant": work.tenant, "order_id": order_id, "at": work.now}
    work.db.execute(statement, {**fields, **key})
    work.wake(subject(work.tenant, order_id))
