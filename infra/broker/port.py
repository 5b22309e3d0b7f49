"""Where Kafka clients come from: a port, with aiokafka behind it.

`infra.broker.clients` decides with which options each client is made; this makes it. A simulation
puts a broker of its own in its place (`BrokerSettings.through`), and everything above stays the
same (DESIGN law 11).
"""

from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient


class Clients(Protocol):
    """Makes clients that are not started; the options and methods are aiokafka's own."""

    def consumer(self, **options: Any) -> Any:
        """A client with what `infra.broker.types.Consumer` says, and `subscribe`."""
        raise NotImplementedError

    def producer(self, **options: Any) -> Any:
        """A client with what `infra.broker.types.Producer` says."""
        raise NotImplementedError

    def admin(self, **options: Any) -> Any:
        """A client with the part of `AIOKafkaAdminClient` that `infra.broker.topics` uses."""
        raise NotImplementedError


class Aiokafka:
    """The clients of aiokafka, for a broker on the network."""

    def consumer(self, **options: Any) -> Any:
        """An `AIOKafkaConsumer`."""
        return AIOKafkaConsumer(**options)

    def producer(self, **options: Any) -> Any:
        """An `AIOKafkaProducer`."""
        return AIOKafkaProducer(**options)

    def admin(self, **options: Any) -> Any:
        """An `AIOKafkaAdminClient`."""
        return AIOKafkaAdminClient(**options)
