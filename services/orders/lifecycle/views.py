"""Orders as the lifecycle's routes show them, in the seed's words; times as ISO 8601."""

import json
from typing import Any

from contracts.address import Address
from infra.clock import rfc3339
from services.orders.lifecycle.model import (
    Lifecycle,
    SignalRow,
    StepRow,
    Trouble,
    completed,
    current,
    moved_at,
    undone_steps,
)
from services.orders.model import Failure, Order


def status_view(order: Lifecycle, steps: list[StepRow], trouble: Trouble | None) -> dict[str, Any]:
    """Where an order stands.

    ``current_step`` with what it does there: ``phase``, ``direction``, ``attempt``; nothing of that
    where nothing is under way. ``needs``: which saga a person must decide on, and why.
    """
    at = None if order.settled else current(steps)
    failure = order.failure
    return {
        "workflow_id": order.saga,
        "order_id": order.reference,
        "status": order.status,
        "state": order.state,
        "current_step": at and at.path,
        "phase": at and at.phase,
        "direction": at and at.direction,
        "attempt": at and at.attempt,
        "completed_steps": completed(order, steps),
        "result": order.result and json.loads(order.result),
        "error": failure and {**failure._asdict(), "undone": _undone(failure, steps)},
        "needs": trouble and trouble._asdict(),
        "late": bool(order.late),
        "payment_id": order.payment_id,
        "items": json.loads(order.items),
        "address": json.loads(order.address),
        "amount": order.amount,
        "currency": order.currency,
        "created_at": rfc3339(order.created_at),
        "updated_at": rfc3339(moved_at(order, steps)),
    }


def _undone(failure: Failure, steps: list[StepRow]) -> list[str]:
    """With the steps of the child saga, of which the order's own saga says nothing."""
    return list(dict.fromkeys([*undone_steps(steps), *failure.undone]))


def fulfillment_view(order: Order) -> dict[str, Any]:
    """The same of an order that is fulfilled in one go: of its steps nothing is known here."""
    failure = order.failure
    return {
        "workflow_id": order.saga,
        "order_id": str(order.id),
        "status": order.status,
        "current_step": None,
        "completed_steps": None,
        "result": _fulfilled(order) if order.status == "completed" else None,
        "error": failure and {**failure._asdict(), "undone": list(failure.undone)},
        "created_at": rfc3339(order.created_at),
        "updated_at": rfc3339(order.updated_at),
    }


def _fulfilled(order: Order) -> dict[str, Any]:
    return {
        "amount": order.amount,
        "currency": order.currency,
        "address": order.address,
        "expected_delivery": order.expected_delivery,
    }


def order_view(order: Lifecycle, steps: list[StepRow]) -> dict[str, Any]:
    """The order as ``GET /orders`` shows it: in camelCase, as the orders of the core."""
    at = None if order.settled else current(steps)
    shown: dict[str, Any] = {
        "reference": order.reference,
        "workflowId": order.saga,
        "status": order.status,
        "state": order.state,
        "currentStep": at and at.path,
        "paymentId": order.payment_id,
        "items": [
            {"productId": item["product_id"], "quantity": item["quantity"]}
            for item in json.loads(order.items)
        ],
        "amount": order.amount,
        "currency": order.currency,
        "shippingAddress": Address.model_validate_json(order.address).line,
        "late": bool(order.late),
        "createdAt": rfc3339(order.created_at),
        "updatedAt": rfc3339(moved_at(order, steps)),
    }
    if order.failure is not None:
        shown["failure"] = {**order.failure._asdict(), "undone": _undone(order.failure, steps)}
    return shown


def signal_view(order: Lifecycle, signal: SignalRow) -> dict[str, Any]:
    """What an order was told, and what became of that."""
    return {
        "id": signal.id,
        "order_id": order.reference,
        "workflow_id": order.saga,
        "signal": signal.signal,
        "outcome": signal.outcome,
        "why": signal.why,
        "by": signal.actor,
        "reason": signal.reason,
        "data": json.loads(signal.data),
        "created_at": rfc3339(signal.created_at),
        "decided_at": signal.decided_at and rfc3339(signal.decided_at),
    }


def event_view(number: int, at: int, saga: int, kind: str, actor: str, data: str) -> dict[str, Any]:
    """A line of the history; its ``id`` is the same however often it is read."""
    line = {
        "id": number,
        "at": rfc3339(at),
        "type": kind,
        "actor": actor,
        "workflow_id": saga or None,
    }
    return {**line, "data": json.loads(data)}
