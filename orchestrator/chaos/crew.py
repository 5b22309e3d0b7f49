"""The processes of a run and its Kafka: started, killed, frozen, and all gone at the end."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from infra.broker.settings import BrokerSettings
from infra.kafka import KafkaState, LocalKafka, StartFailed
from infra.kafka.ports import free_ports
from infra.processes import Fleet
from orchestrator.chaos.blows import BROKER, Blow
from orchestrator.chaos.errors import ChaosError

Command = tuple[str, ...]

BROKER_TRIES: Final = 3


class Crew:
    """Every process by name. Whoever is down already is not struck again: each blow says whether
    it was one.
    """

    def __init__(self, kafka: LocalKafka, fleet: Fleet) -> None:
        self.fleet = fleet
        self.commands: Mapping[str, Command] = {}
        self.env: Mapping[str, str] = {}
        self._kafka = kafka
        self._down: set[str] = set()
        self._starting: asyncio.Future[KafkaState] | None = None
        self.fallen: list[str] = []

    def start(self, commands: Mapping[str, Command], env: Mapping[str, str]) -> None:
        """Start all of them."""
        self.commands, self.env = commands, env
        for name in commands:
            self._launch(name)

    async def start_broker(self) -> KafkaState:
        """Start Kafka, on its data if it has any."""
        # To the end, whatever becomes of who waits for it: else it would outlive the run.
        self._starting = asyncio.ensure_future(asyncio.to_thread(self._start_broker))
        return await asyncio.shield(self._starting)

    async def strike(self, blow: Blow) -> bool:
        """Kill or freeze, and bring back after the time the blow says."""
        if blow.victim in self._down:
            return False
        self._down.add(blow.victim)
        try:
            await self._strike(blow)
        finally:
            self._down.discard(blow.victim)
        return True

    async def _strike(self, blow: Blow) -> None:
        if blow.victim == BROKER:
            await asyncio.to_thread(self._kafka.stop, kill=True)
            await asyncio.sleep(blow.down)
            await self.start_broker()
        elif blow.kind == "freeze":
            self.fleet.freeze(blow.victim)
            await asyncio.sleep(blow.down)
            self.fleet.thaw(blow.victim)
        else:
            self.fleet.kill(blow.victim)
            await asyncio.sleep(blow.down)
            self._launch(blow.victim)

    async def stop(self) -> None:
        """End everything, Kafka last; one that is just being started is waited for."""
        self.fleet.stop()
        if self._starting is not None:
            await asyncio.wait([self._starting])
        self._kafka.stop(kill=True)

    def collect(self) -> None:
        """Whoever ended without having been killed is noted, and started again."""
        for name in self.fleet.ended():
            self.fallen.append(self.fleet.last_words(name))
            self._launch(name)

    def _start_broker(self) -> KafkaState:
        """On a machine that is busy enough it may take several tries."""
        for _ in range(BROKER_TRIES - 1):
            with contextlib.suppress(StartFailed):
                return self._kafka.start()
        return self._kafka.start()

    def _launch(self, name: str) -> None:
        self.fleet.start(name, self.commands[name], self.env)


@asynccontextmanager
async def crew(
    folder: Path, say: Callable[[str], None]
) -> AsyncGenerator[tuple[Crew, BrokerSettings]]:
    """A Kafka of its own in the folder, and a crew without anybody yet.

    However the block is left, everything is stopped. Raises ChaosError without Java,
    LocalKafkaError.
    """
    if shutil.which("java") is None:
        raise ChaosError("a real Kafka is needed, and there is no java on this machine")
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    # On one port all the time: that is where everybody looks for it.
    kafka = LocalKafka(folder / "kafka", port=free_ports(secured=False).broker)
    men = Crew(kafka, Fleet(logs))
    try:
        say("starting Kafka")
        state = await men.start_broker()
        yield men, BrokerSettings.local(state.bootstrap)
    finally:
        await men.stop()
