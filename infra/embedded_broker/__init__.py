"""A Kafka broker inside the product, for trying things out: librdkafka's own, in a subprocess."""

from infra.embedded_broker.errors import EmbeddedBrokerError
from infra.embedded_broker.limits import LIMITS, MAX_UNREAD_BYTES, PARTITION_BYTES
from infra.embedded_broker.process import EmbeddedBroker

__all__ = ["LIMITS", "MAX_UNREAD_BYTES", "PARTITION_BYTES", "EmbeddedBroker", "EmbeddedBrokerError"]
