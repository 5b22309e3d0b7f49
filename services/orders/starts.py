"""The starts of sagas that this service asks for: anybody may (DESIGN law 10)."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from contracts.envelope import HEADERS
from contracts.topics import REQUESTS, partition_of_start
from infra.broker.types import Record
from services.participant import Running

FULFILLMENT: Final = "order-fulfillment"
CANCELLATION: Final = "order-cancellation"
_CANCELLATION_KEY: Final = re.compile(r"order-(\d+)-cancel-(\d+)")
_ORDER_KEY: Final = re.compile(r"order-(\d+)")


class Start(NamedTuple):
    """A start: the same ``key`` is the same saga, however often it is asked for.

    ``traceparent`` is that of whoever asked, while it is known: who asks again later has none.
    """

    tenant: int
    definition: str
    key: str
    input: Mapping[str, Any]
    traceparent: str = ""


def fulfillment(tenant: int, order_id: int, user_id: int, product_id: int, quantity: int) -> Start:
    """The start of the saga that fulfils this order."""
    wanted = {
        "order_id": order_id,
        "user_id": user_id,
        "product_id": product_id,
        "quantity": quantity,
    }
    return Start(tenant, FULFILLMENT, f"order-{order_id}", wanted)


def cancellation(tenant: int, order_id: int, number: int, why: str) -> Start:
    """The start of the saga that is the ``number``-th try to cancel this order."""
    key = f"order-{order_id}-cancel-{number}"
    return Start(tenant, CANCELLATION, key, {"order_id": order_id, "reason": why})


def order_of(key: str) -> int | None:
    """The order whose fulfillment has this request key, if it is one of ours."""
    found = _ORDER_KEY.fullmatch(key)
    return int(found[1]) if found else None


def cancellation_of(key: str) -> tuple[int, int] | None:
    """The order and number of the cancellation with this request key, if it is one of ours."""
    found = _CANCELLATION_KEY.fullmatch(key)
    return (int(found[1]), int(found[2])) if found else None


async def publish(running: Running, start: Start) -> None:
    """Ask the orchestrator for this saga; returns when the broker has the request."""
    message: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{start.tenant}/{start.key}/start",
        "source": "orders",
        "type": "saga.start",
        "tenant": str(start.tenant),
        "requestkey": start.key,
        "data": {"definition": start.definition, "input": start.input},
    }
    if start.traceparent:
        message["traceparent"] = start.traceparent
    partitions = await running.partitions(REQUESTS)
    partition = partition_of_start(start.tenant, start.definition, start.key, partitions)
    value = json.dumps(message, separators=(",", ":")).encode()
    await running.publish(REQUESTS, partition, Record(start.key.encode(), value, HEADERS))
