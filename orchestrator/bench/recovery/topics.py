"""How many records stand on a topic: what was sent, and what waits."""

from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition


class Counter:
    """Counts records by the offsets where topics end. Topics are fresh, and nothing is deleted."""

    def __init__(self, broker: BrokerSettings) -> None:
        self._broker = broker
        self._consumer = make_consumer(broker, client_id="saga-bench-counter")

    async def __aenter__(self) -> "Counter":
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def count(self, topic: str, partitions: int) -> int:
        """The records of a topic (named without prefix), raises KafkaError."""
        name = self._broker.topic(topic)
        places = [TopicPartition(name, p) for p in range(partitions)]
        return sum((await self._consumer.end_offsets(places)).values())
