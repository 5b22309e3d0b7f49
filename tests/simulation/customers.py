"""Who asks for sagas, through the real front door, some of them twice and some of them wrongly."""

import asyncio
import random
from typing import Any, Protocol

from infra.broker.errors import BrokerError
from infra.broker.settings import BrokerSettings
from infra.broker.types import KafkaError
from orchestrator.definition.builder import Saga
from orchestrator.runtime.door import FrontDoor
from tests.simulation.broker import Broker
from tests.simulation.clients import SimClients
from tests.simulation.faults import Fate
from tests.simulation.loop import Node, SimLoop


class World(Protocol):
    """Where they live."""

    seed: int
    loop: SimLoop
    broker: Broker
    settings: BrokerSettings
    partitions: int
    fate: Fate
    sagas: list[Saga]


class Start:
    """A start that a customer asks for: under its key, until the broker has acknowledged it."""

    def __init__(self, saga: str, key: str, given: dict[str, Any]) -> None:
        self.saga = saga
        self.key = key
        self.given = given
        self.acknowledged = False


class Customers:
    """All of them, in one process that nothing happens to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = random.Random(f"customers/{world.seed}")
        self._node = Node(world.loop, "customer")
        self._door = FrontDoor(
            world.settings.through(SimClients(world.broker, self._node)),
            world.partitions,
            fresh_id=lambda: f"{self._chance.getrandbits(64):016x}",
        )

    def begin(self) -> list[Start]:
        """The starts they will ask for, in the course of time."""
        fate, chance = self._world.fate, self._chance
        starts = [self._start(n) for n in range(fate.sagas)]
        for start in starts:
            for _ in range(1 if chance.random() < 0.8 else 2):
                at = chance.uniform(0.0, fate.horizon_s * 0.8)
                self._world.loop.call_later(at, lambda s=start: self._node.spawn(self._ask(s)))
        return starts

    def _start(self, number: int) -> Start:
        chance = self._chance
        saga = chance.choice(self._world.sagas)
        given: dict[str, Any] = {"order": number}
        if self._world.fate.orders:
            given = {
                "order_id": number + 1,
                "user_id": chance.choice((1, 1, 1, 2, 3, 4, 9)),
                "product_id": chance.choice((1, 1, 1, 2, 9, 404)),
                "quantity": 1,
            }
        if chance.random() < 0.05:
            given = {"nothing": "that fits"}
        name = saga.name if chance.random() > 0.03 else "no-such-saga"
        return Start(name, f"key-{number}", given)

    async def _ask(self, start: Start) -> None:
        while True:
            try:
                await self._door.start(start.saga, start.key, start.given)
            except (BrokerError, KafkaError):
                await asyncio.sleep(0.3)
            else:
                start.acknowledged = True
                return
