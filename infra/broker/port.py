"""Where Kafka clients come from: a port, with aiokafka behind it.

`infra.broker.clients` decides with which options each client is made; this makes it. A simulation
puts a broker of its own in its place (`BrokerSettings.through`), and everything above stays the
same (DESIGN law 11).
"""

from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from infra.vital import vital


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


# aiokafka keeps metadata, fetches and membership going in tasks of its own, and catches in them
# what it expects; one that ends by something else tells nobody. A producer's sender is not among
# them: when it ends every send fails, and a new producer is made.
_TASKS = (
    ("_client", "_sync_task"),
    ("client", "_sync_task"),
    ("_fetcher", "_fetch_task"),
    ("_coordinator", "_coordination_task"),
)


def _watch(client: Any) -> None:
    for part, name in _TASKS:
        task = getattr(getattr(client, part, None), name, None)
        if task is not None:
            task.set_name(task.get_coro().__qualname__)
            vital(task)


class _Consumer(AIOKafkaConsumer):
    async def start(self) -> None:
        await super().start()
        _watch(self)


class _Producer(AIOKafkaProducer):
    async def start(self) -> None:
        await super().start()
        _watch(self)


class Aiokafka:
    """The clients of aiokafka, for a broker on the network; their own tasks are vital."""

    def consumer(self, **options: Any) -> Any:
        """An `AIOKafkaConsumer`."""
        return _Consumer(**options)

    def producer(self, **options: Any) -> Any:
        """An `AIOKafkaProducer`."""
        return _Producer(**options)

    def admin(self, **options: Any) -> Any:
        """An `AIOKafkaAdminClient`."""
        return AIOKafkaAdminClient(**options)
