"""The bare loop that the orchestrator is measured against: what the shape of DESIGN costs, and
nothing else.

A saga is four commands, one and then three in parallel. Every input is appended to a log topic
before it is acted on, five log rows a saga go to SQLite in FULL mode, each service writes one
inbox and one effect row in its own SQLite. No engine, no retries, no timeouts, no recovery: it
is not a product.
"""

from typing import Final

import msgspec

from infra.broker.topics import TopicSpec
from infra.broker.types import ConsumedRecord, Record
from orchestrator.bench.load import Addressed

SERVICES: Final = ("product", "payment", "inventory", "shipping")
REQUESTS: Final = "yardstick.requests"
REPLIES: Final = "yardstick.replies"
LOG: Final = "yardstick.log"
EVENTS: Final = "yardstick.events"


class Message(msgspec.Struct, gc=False):
    """One message for every purpose, about as large as the product's own."""

    id: str
    type: str
    saga: int
    step: str = ""
    tenant: int = 1
    specversion: str = "1.0"
    source: str = "saga-orchestrator"
    traceparent: str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    deadline: int = 1763719200000
    order_id: int = 0
    user_id: int = 1
    product_id: int = 1
    amount: int = 1999
    currency: str = "EUR"


ENCODE: Final = msgspec.json.Encoder().encode
DECODE: Final = msgspec.json.Decoder(Message).decode


def packed(message: Message) -> Record:
    """The message as a record keyed by its saga."""
    return Record(b"%d" % message.saga, ENCODE(message))


def topics(partitions: int) -> list[TopicSpec]:
    """The same topics, partitions and settings as the product's."""
    names = [REQUESTS, REPLIES, EVENTS, *(f"yardstick.{name}" for name in SERVICES)]
    return [TopicSpec(name, partitions) for name in names] + [
        TopicSpec(LOG, partitions, durable=True)
    ]


class Yardstick:
    """How the load asks the bare loop (see load.Work)."""

    def __init__(self, prefix: str) -> None:
        self.requests = prefix + REQUESTS
        self.outcomes = prefix + EVENTS

    def request(self, number: int, partitions: int) -> Addressed:
        """One request, to the partition of its number."""
        return Addressed(number % partitions, packed(Message(f"r{number}", "start", number)))

    def ended(self, record: ConsumedRecord) -> int | None:
        """The event names its saga."""
        return DECODE(record.value or b"{}").saga
