"""The processes of a world: orchestrators and participants that start, crash and start again."""

import asyncio
import contextlib
import random
import sqlite3
import traceback
from pathlib import Path
from typing import Any, Protocol

from infra.broker.errors import BrokerError
from infra.broker.settings import BrokerSettings
from infra.broker.types import KafkaError
from infra.datastore import DatastoreError, FolderLock
from infra.telemetry.metrics import Metrics
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.words.builder import Saga
from orchestrator.runtime.errors import RuntimeFailure
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.settings import Settings
from services.participant import Participant, ParticipantRunner, Shared
from tests.simulation.audit import Place
from tests.simulation.broker import Broker
from tests.simulation.clients import SimClients
from tests.simulation.loop import Node, SimLoop

RESTART_S = 0.5
UNLIMITED = 2**30
METRICS = Metrics()


class World(Protocol):
    """What a process is given."""

    loop: SimLoop
    broker: Broker
    chance: random.Random
    settings: BrokerSettings
    partitions: int


class Process:
    """One process: ``node`` is its present incarnation, None while it is down."""

    def __init__(self, world: World, name: str, folder: Path) -> None:
        self.name = name
        self.node: Node | None = None
        self.folder = folder
        self._world = world
        self.wall_ms = 0

    def boot(self) -> None:
        """Start it, and again when it ends by itself, as a supervisor does."""
        if self.node is None:
            self.node = Node(self._world.loop, self.name)
            self.node.wall_ms = self.wall_ms
            self._world.broker.note(f"boot {self.name}")
            self.node.spawn(self._main(self.node))

    def crash(self) -> None:
        """SIGKILL: nothing is finished, what was not committed is gone."""
        node, self.node = self.node, None
        if node is not None:
            self._world.broker.note(f"crash {self.name}")
            node.kill()
            self._world.broker.silent(node)
            self.drop()

    def pause(self) -> None:
        """SIGSTOP."""
        if self.node is not None and not self.node.paused:
            self._world.broker.note(f"pause {self.name}")
            self.node.pause()
            self._world.broker.silent(self.node)

    def resume(self) -> None:
        """SIGCONT."""
        if self.node is not None and self.node.paused:
            self._world.broker.note(f"resume {self.name}")
            self._world.broker.heard(self.node)
            self.node.resume()

    def set_clock(self, wrong_ms: int) -> None:
        """Its machine's wall clock is wrong by this much, from now on."""
        self.wall_ms = wrong_ms
        if self.node is not None:
            self.node.wall_ms = wrong_ms

    def cut_off(self, cut: bool) -> None:
        """Take the network from it, or give it back."""
        if self.node is not None:
            self._world.broker.note(f"{self.name} cut off: {cut}")
            self.node.cut_off = cut
            (self._world.broker.silent if cut else self._world.broker.heard)(self.node)

    def fill_disk(self, full: bool) -> None:
        """SQLite finds no room for another page, or finds it again."""
        writer = self.writer()
        if writer is not None:
            self._world.broker.note(f"{self.name} disk full: {full}")
            limit = UNLIMITED
            if full:
                limit = writer.execute("PRAGMA page_count").fetchone()[0]
            writer.execute(f"PRAGMA max_page_count = {limit}")

    def clients(self, node: Node) -> BrokerSettings:
        """The settings by which this process reaches the broker."""
        return self._world.settings.through(SimClients(self._world.broker, node))

    async def _main(self, node: Node) -> None:
        try:
            await self.main(node)
        except Exception:  # pylint: disable=broad-exception-caught  # the process ends of it
            self._world.loop.errors.append(f"{self.name}: {traceback.format_exc()}")

    async def main(self, node: Node) -> None:
        """What it does."""
        raise NotImplementedError

    def drop(self) -> None:
        """The kernel takes back what it held: locks, and files with what was not committed."""
        raise NotImplementedError

    def writer(self) -> sqlite3.Connection | None:
        """Its writing connection, while it has one."""
        raise NotImplementedError


class OrchestratorProcess(Process):
    """A real Orchestrator on a data folder of its own."""

    def __init__(self, world: World, name: str, folder: Path, sagas: list[Saga]) -> None:
        super().__init__(world, name, folder)
        self.orchestrator: Orchestrator | None = None
        self._sagas = sagas
        self._lock = FolderLock(folder)
        self.refill = False

    async def main(self, node: Node) -> None:
        """Run until stopped; begin again after a pause where it cannot start."""
        settings = Settings.model_construct(
            **{
                **{name: field.default for name, field in Settings.model_fields.items()},
                "data": self.folder,
                "partitions": self._world.partitions,
            }
        )
        self._lock.acquire()
        while True:
            orchestrator = Orchestrator(
                settings,
                self.clients(node),
                Catalogue(self._sagas),
                node,
                chance=random.Random(self._world.chance.getrandbits(64)),
                metrics=METRICS,
                lock=self._lock,
                refill=self.refill,
            )
            try:
                await orchestrator.start()
            except (BrokerError, KafkaError, DatastoreError, RuntimeFailure) as error:
                self._world.broker.note(f"{self.name} cannot start: {error}")
                await asyncio.sleep(RESTART_S)
                continue
            self.orchestrator = orchestrator
            return

    def restart(self) -> None:
        """A clean stop, and a new start after it."""
        orchestrator, node = self.orchestrator, self.node
        if orchestrator is None or node is None or node.paused:
            return
        self._world.broker.note(f"stop {self.name}")
        self.orchestrator = None

        async def stop() -> None:
            await orchestrator.stop()
            if self.node is node:
                node.kill()
                self._lock.release()
                self.node = None
                self.boot()

        node.spawn(stop())

    def wrote(self, partition: int, place: Place) -> bool:
        """Whether its file has come to this place of the partition's log."""
        facts = self.orchestrator.reader.partition_facts(partition) if self.orchestrator else None
        return facts is not None and (facts.epoch, facts.offset) == (place.epoch, place.offset)

    def drop(self) -> None:
        """See ``Process``."""
        self._lock.release()
        self.orchestrator = None

    def writer(self) -> sqlite3.Connection | None:
        """See ``Process``."""
        # pylint: disable=protected-access  # what the disk does to a file, it asks nobody
        shell = self.orchestrator._shell if self.orchestrator else None
        return shell.house.log._connection if shell else None


class ServiceProcess(Process):
    """A real participant runner on a data folder of its own."""

    def __init__(
        self, world: World, name: str, folder: Path, participant: Participant, seed: Any = None
    ) -> None:
        super().__init__(world, name, folder)
        self.participant = participant
        self._seed = seed
        self.runner: ParticipantRunner | None = None

    async def main(self, node: Node) -> None:
        """Run until it is killed."""
        while True:
            runner = ParticipantRunner(
                self.participant,
                self.clients(node),
                self.folder,
                seed=self._seed,
                shared=Shared(node),
            )
            try:
                await runner.start()
            except DatastoreError as error:
                self._world.broker.note(f"{self.name} cannot start: {error}")
                await asyncio.sleep(RESTART_S)
                continue
            self.runner = runner
            return

    def drop(self) -> None:
        """See ``Process``."""
        runner, self.runner = self.runner, None
        if runner is not None:
            with contextlib.suppress(sqlite3.Error):
                runner.database.close()

    def writer(self) -> sqlite3.Connection | None:
        """See ``Process``."""
        return self.runner.database.writer if self.runner else None
