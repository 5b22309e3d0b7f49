"""Runs a participant: opens its database, starts it and its background jobs, and stops them."""

import asyncio
import sqlite3
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import structlog
from aiokafka.errors import KafkaError

from infra.broker.errors import BrokerError
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import Record
from infra.datastore import ensure_folder
from services.participant.boundaries import PUBLISH, START, STOP
from services.participant.database import Database
from services.participant.errors import NotRunning, ParticipantError
from services.participant.health import Health
from services.participant.participant import Participant
from services.participant.settings import ServiceSettings
from services.participant.shared import Shared
from services.participant.station import PAUSE_S, Station
from services.participant.waiters import Waiters

log = structlog.get_logger(__name__)


class ParticipantRunner:
    """One running participant. ``start`` raises DatastoreError or SeedError; after that it retries
    what can be retried.

    - ``folder``: where its database lies.
    - ``seed``: seed data for ``Participant.seed``.
    - ``settings``: None takes those of the environment.
    - ``shared``: what it shares with the other services of its process, and does not close.
    """

    def __init__(
        self,
        participant: Participant,
        broker: BrokerSettings,
        folder: Path,
        *,
        seed: Any = None,
        settings: ServiceSettings | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.participant = participant
        self.broker = broker
        self._shared = shared or Shared()
        self.clock = self._shared.clock
        self._folder = folder
        self._seed = seed
        self._settings = settings or ServiceSettings()
        self._running: tuple[Database, Station] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._partitions: dict[str, int] = {}

    async def start(self) -> None:
        """Open the database, and begin to connect; returns before the broker has answered."""
        with START:
            database = Database(self.participant, ensure_folder(self._folder), self._seed)
        station = Station(
            self.participant,
            self.broker,
            database,
            settings=self._settings,
            shared=self._shared,
        )
        self._running = (database, station)
        jobs = [station.serve(), station.watch(), station.forget()]
        jobs += [job(self) for job in self.participant.backgrounds]
        self._tasks = [asyncio.create_task(job) for job in jobs]

    async def stop(self) -> None:
        """Finish what is under way within seconds, and close all; harmless when repeated."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        running, self._running = self._running, None
        if running is not None:
            database, station = running
            with STOP:
                await station.close()
                database.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    def health(self) -> Health:
        """Whether it takes commands and answers them, and if not, why."""
        if self._running is None:
            return Health(self.participant.name, ("not running",))
        health = self._running[1].health()
        ended = [task for task in self._tasks if task.done()]
        whys = ["cancelled" if task.cancelled() else repr(task.exception()) for task in ended]
        reasons = [f"a background job has ended: {why}" for why in whys]
        return replace(health, reasons=(*health.reasons, *reasons))

    async def ready(self, timeout_s: float = 30.0) -> None:
        """Wait until it is ready; raises ParticipantError with the reasons if it is not.

        What has ended one of its jobs is raised at once, as SeatTaken.
        """
        end = asyncio.get_running_loop().time() + timeout_s
        while not (health := self.health()).ready:
            for task in self._tasks:
                if task.done() and not task.cancelled():
                    task.result()
            if asyncio.get_running_loop().time() > end:
                raise ParticipantError(f"{health.name} is not ready: {'; '.join(health.reasons)}")
            await asyncio.sleep(0.02)

    @property
    def database(self) -> Database:
        """Its open database; raises NotRunning."""
        return self._parts[0]

    @property
    def reader(self) -> sqlite3.Connection:
        """The read-only connection to its database."""
        return self.database.reader

    @property
    def waiters(self) -> Waiters:
        """Who waits for a change in this process."""
        return self._parts[1].waiters

    def writing(self) -> AbstractAsyncContextManager[sqlite3.Connection]:
        """One write transaction on its database, between those of the commands."""
        return self.database.writing()

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic (named without prefix) has; asks until it is told."""
        name = self.broker.topic(topic)
        while name not in self._partitions:
            try:
                self._partitions = await list_topics(self.broker)
            except (BrokerError, KafkaError, OSError) as error:
                log.warning("topics not listed", service=self.participant.name, error=str(error))
            if name not in self._partitions:
                await asyncio.sleep(PAUSE_S)
        return self._partitions[name]

    async def publish(self, topic: str, partition: int, record: Record) -> None:
        """Publish to a topic (named without prefix); returns once it is acknowledged."""
        outlet = self._parts[1].outlet
        await asyncio.shield(outlet.submit(self.broker.topic(topic), partition, [record], PUBLISH))

    @property
    def _parts(self) -> tuple[Database, Station]:
        if self._running is None:
            raise NotRunning(f"{self.participant.name} is not running")
        return self._running
