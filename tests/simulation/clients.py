"""The clients of the simulated broker: what the product uses of aiokafka's, with its errors.

They are made by ``SimClients``, the port of ``infra.broker``, with the options that the product
gives; so its time-outs, reset policies and static members are those of the real thing.
"""

from types import SimpleNamespace
from typing import Any

from tests.simulation.broker import Broker
from tests.simulation.consumer import SimConsumer
from tests.simulation.loop import Node
from tests.simulation.producer import SimProducer

ALREADY_EXISTS = 36


class SimClients:
    """Makes the clients of one process."""

    def __init__(self, broker: Broker, node: Node) -> None:
        self._broker = broker
        self._node = node

    def consumer(self, **options: Any) -> SimConsumer:
        """A consumer with these options of aiokafka's."""
        return SimConsumer(self._broker, self._node, options)

    def producer(self, **options: Any) -> SimProducer:
        """An idempotent producer with these options of aiokafka's."""
        assert options["enable_idempotence"] and options["acks"] == "all"
        return SimProducer(self._broker, self._node)

    def admin(self, **_: Any) -> "SimAdmin":
        """An admin client."""
        return SimAdmin(self._broker, self._node)


class SimAdmin:
    """Topics listed, described, created."""

    def __init__(self, broker: Broker, node: Node) -> None:
        self._broker = broker
        self._node = node

    async def start(self) -> None:
        """Raises KafkaConnectionError when nobody is there."""
        await self._broker.ask(self._node, lambda: None)

    async def close(self) -> None:
        """Nothing is held open."""

    async def describe_cluster(self) -> dict[str, Any]:
        """One broker."""
        return await self._broker.ask(
            self._node, lambda: {"brokers": [{"node_id": 1}], "cluster_id": "simulated"}
        )

    async def describe_topics(self, names: list[str] | None = None) -> list[dict[str, Any]]:
        """Every topic, or these."""

        def describe() -> list[dict[str, Any]]:
            topics = self._broker.topics
            return [
                {"topic": name, "partitions": [{"replicas": [1]} for _ in topics[name]]}
                for name in (names or topics)
            ]

        return await self._broker.ask(self._node, describe)

    async def create_topics(self, wanted: list[Any]) -> Any:
        """Create them; those that are there already are told by their code."""

        def create() -> Any:
            errors: list[tuple[str, int]] = []
            for new in wanted:
                if new.name in self._broker.topics:
                    errors.append((new.name, ALREADY_EXISTS))
                else:
                    self._broker.create(new.name, new.num_partitions, new.topic_configs)
                    errors.append((new.name, 0))
            return SimpleNamespace(topic_errors=errors)

        return await self._broker.ask(self._node, create)

    async def describe_configs(self, resources: list[Any]) -> list[Any]:
        """The configuration of topics."""

        def describe() -> list[Any]:
            found = [
                (0, "", 2, one.name, list(self._broker.configs[one.name].items()))
                for one in resources
            ]
            return [SimpleNamespace(resources=found)]

        return await self._broker.ask(self._node, describe)
