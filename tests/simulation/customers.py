"""Who asks for sagas, through the real front door, some of them twice and some of them wrongly."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from contracts.topics import partition_of_start
from infra.broker.errors import BrokerError
from infra.broker.settings import BrokerSettings
from infra.broker.types import KafkaError
from orchestrator.definition.words.builder import Saga
from orchestrator.engine.plan import Plan
from orchestrator.runtime.door import FrontDoor
from tests.simulation.audit import Audit
from tests.simulation.broker import Broker
from tests.simulation.clients import SimClients
from tests.simulation.faults import Fate
from tests.simulation.loop import Node, SimLoop
from tests.simulation.processes import OrchestratorProcess

TENANT = 1
PAUSE_S = 0.3


class World(Protocol):
    """Where they live."""

    seed: int
    loop: SimLoop
    broker: Broker
    settings: BrokerSettings
    partitions: int
    fate: Fate
    sagas: list[Saga]
    roots: list[Saga]
    plans: dict[str, Plan]
    audit: Audit
    orchestrators: list[OrchestratorProcess]


class Start:
    """A start that a customer asks for at ``at`` seconds: under its key, until it is ``taken``."""

    def __init__(self, saga: str, key: str, given: dict[str, Any], at: float) -> None:
        self.saga = saga
        self.key = key
        self.given = given
        self.at = at
        self.acknowledged = False


class Door(FrontDoor):
    """The front door, and the way of whoever started a saga and does not know its id."""

    async def signal_by_key(
        self, definition: str, key: str, signal: str, data: dict[str, Any], *, request: str
    ) -> None:
        """Tell the saga of this request key something. Raises BrokerError."""
        body = {"signal": signal, "reason": "because", "by": "ann", "definition": definition}
        message = self._message("saga.signal", TENANT, {**body, "data": data}, request)
        message["requestkey"] = key
        partition = partition_of_start(TENANT, definition, key, self.partitions)
        await self._publish(partition, key, message)


class Desk:
    """Where everybody outside sits: a process to which nothing happens, and its way in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = random.Random(f"customers/{world.seed}")
        self.node = Node(world.loop, "customer")
        self.door = Door(
            world.settings.through(SimClients(world.broker, self.node)),
            world.partitions,
            fresh_id=lambda: f"{self.chance.getrandbits(64):016x}",
        )

    def after(self, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin this in so many seconds."""
        self.world.loop.call_later(max(seconds, 0.0), lambda: self.node.spawn(work()))

    async def until_taken(
        self, ask: Callable[[], Coroutine[Any, Any, None]], settled: Callable[[], bool]
    ) -> None:
        """Ask until the broker has acknowledged it; where what it has acknowledged may be lost,
        until it is settled and on a disk, for before that nobody acts on it (law 2).
        """
        while True:
            try:
                await ask()
            except (BrokerError, KafkaError):
                await asyncio.sleep(PAUSE_S)
                continue
            if "lost-topics" not in self.world.fate.kinds:
                return
            await asyncio.sleep(self.world.fate.horizon_s / 3)
            if settled() and self._on_disk():
                return

    def _on_disk(self) -> bool:
        """Whether all that the log says is in the file of a process, too."""
        return all(
            any(process.wrote(partition, place) for process in self.world.orchestrators)
            for partition, place in self.world.audit.places.items()
        )


class Customers:
    """All who start sagas."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._world = desk.world
        self._chance = desk.chance

    def begin(self) -> list[Start]:
        """The starts they will ask for, in the course of time."""
        starts = [self._start(n) for n in range(self._world.fate.sagas)]
        for start in starts:
            for n in range(1 if self._chance.random() < 0.8 else 2):
                at = self._moment() if n else start.at
                self._desk.after(at, lambda s=start: self._ask(s))  # type: ignore[misc]
        return starts

    def _moment(self) -> float:
        return self._chance.uniform(0.0, self._world.fate.horizon_s * 0.8)

    def _start(self, number: int) -> Start:
        chance = self._chance
        saga = chance.choice(self._world.roots)
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
        return Start(name, f"key-{number}", given, self._moment())

    async def _ask(self, start: Start) -> None:
        door, audit = self._desk.door, self._world.audit
        await self._desk.until_taken(
            lambda: door.start(start.saga, start.key, start.given),
            lambda: audit.decided(start.saga, start.key),
        )
        start.acknowledged = True
