"""What this service asks of the orchestrator for an order: to start its saga, to tell it something.

Anybody may (DESIGN law 10). A signal is addressed by the request key of the saga, whose id need not
be known; it lies in the partition of the start, behind it.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from contracts.envelope import HEADERS
from contracts.topics import REQUESTS, partition_of_start
from infra.broker.types import Record
from services.orders.lifecycle.model import Lifecycle
from services.orders.starts import Start
from services.participant import Running

LIFECYCLE: Final = "order-lifecycle"


class Told(NamedTuple):
    """A signal to the order's saga: the same ``id`` is the same signal, however often it is told.

    ``lifecycle`` is the number of the order, ``key`` the request key of its saga.
    """

    lifecycle: int
    tenant: int
    reference: str
    key: str
    id: str
    signal: str
    actor: str
    reason: str
    data: Mapping[str, Any]
    traceparent: str = ""


def start_of(order: Lifecycle) -> Start:
    """The start of the order's saga."""
    return Start(order.tenant, LIFECYCLE, order.saga_key, json.loads(order.wanted))


async def tell(running: Running, told: Told) -> None:
    """Tell the saga; returns when the broker has the signal."""
    data = {
        "signal": told.signal,
        "reason": told.reason,
        "by": told.actor,
        "definition": LIFECYCLE,
        "data": told.data,
    }
    message: dict[str, Any] = {
        "specversion": "1.0",
        "id": told.id,
        "source": "orders",
        "type": "saga.signal",
        "tenant": str(told.tenant),
        "requestkey": told.key,
        "data": data,
    }
    if told.traceparent:
        message["traceparent"] = told.traceparent
    partitions = await running.partitions(REQUESTS)
    partition = partition_of_start(told.tenant, LIFECYCLE, told.key, partitions)
    value = json.dumps(message, separators=(",", ":")).encode()
    await running.publish(REQUESTS, partition, Record(told.key.encode(), value, HEADERS))
