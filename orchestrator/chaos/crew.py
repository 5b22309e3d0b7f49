"""The processes of a run and its Kafka: started, killed, frozen, and all gone at the end."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from infra.broker.settings import BrokerSettings
from infra.kafka import KafkaState, LocalKafka
from infra.processes import Fleet
from orchestrator.chaos.errors import ChaosError

Command = tuple[str, ...]


class Crew:
    """Every process by name. Blows to one and the same process wait for each other."""

    def __init__(self, kafka: LocalKafka, fleet: Fleet) -> None:
        self.fleet = fleet
        self.commands: Mapping[str, Command] = {}
        self.env: Mapping[str, str] = {}
        self._kafka = kafka
        self._turns: dict[str, asyncio.Lock] = {}
        self._starting: asyncio.Future[KafkaState] | None = None
        self.fallen: list[str] = []

    def start(self, commands: Mapping[str, Command], env: Mapping[str, str]) -> None:
        """Start all of them."""
        self.commands, self.env = commands, env
        for name in commands:
            self._launch(name)

    async def kill(self, name: str, down_s: float) -> None:
        """SIGKILL it, and start it again after so many seconds."""
        async with self._turn(name):
            self.fleet.kill(name)
            await asyncio.sleep(down_s)
            self._launch(name)

    async def freeze(self, name: str, down_s: float) -> None:
        """SIGSTOP it, SIGCONT after so many seconds."""
        async with self._turn(name):
            self.fleet.freeze(name)
            await asyncio.sleep(down_s)
            self.fleet.thaw(name)

    async def kill_broker(self, down_s: float) -> None:
        """SIGKILL Kafka, and start it again on its data and its port."""
        async with self._turn("broker"):
            await asyncio.to_thread(self._kafka.stop, kill=True)
            await asyncio.sleep(down_s)
            self._starting = asyncio.ensure_future(asyncio.to_thread(self._kafka.start))
            await asyncio.shield(self._starting)

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

    def _launch(self, name: str) -> None:
        self.fleet.start(name, self.commands[name], self.env)

    def _turn(self, name: str) -> asyncio.Lock:
        return self._turns.setdefault(name, asyncio.Lock())


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
    first = LocalKafka(folder / "kafka")
    say("starting Kafka")
    state = await asyncio.to_thread(first.start)
    # From now on on this port and no other: that is where everybody looks for it.
    kafka = LocalKafka(folder / "kafka", port=state.ports.broker)
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    men = Crew(kafka, Fleet(logs))
    try:
        yield men, BrokerSettings.local(state.bootstrap)
    finally:
        await men.stop()
