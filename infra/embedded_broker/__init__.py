"""A Kafka broker inside the product, for trying things out: librdkafka's own, in a subprocess."""

from infra.embedded_broker.errors import EmbeddedBrokerError
from infra.embedded_broker.limits import LIMITS, MAX_UNREAD_BYTES, PARTITION_BYTES
from infra.embedded_broker.process import EmbeddedBroker
from infra.embedded_broker.seat import Seat, SeatTaken, take_seat

__all__ = [
    "LIMITS",
    "MAX_UNREAD_BYTES",
    "PARTITION_BYTES",
    "EmbeddedBroker",
    "EmbeddedBrokerError",
    "Seat",
    "SeatTaken",
    "take_seat",
]
