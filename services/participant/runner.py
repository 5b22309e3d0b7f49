"""Runs a participant: its database, its session with the broker, its background jobs; started and
stopped.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Self

import structlog
from aiokafka.errors import KafkaError

from contracts.topics import commands_topic
from infra.broker.clients import make_consumer
from infra.broker.errors import BrokerError
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import ConsumedRecord, Record
from infra.clock import Clock, SystemClock
from infra.datastore import ensure_folder
from services.participant.batch import BatchHandler
from services.participant.database import Database
from services.participant.delivery import Delivery
from services.participant.errors import NotRunning, ParticipantError, StorageFault
from services.participant.health import Health
from services.participant.outcome import Outcome
from services.participant.participant import Participant
from services.participant.rules import DEFAULT_SKEW_MS
from services.participant.session import Session
from services.participant.waiters import Waiters

log = structlog.get_logger(__name__)

PAUSE_S = 0.5
"""Between two attempts to reach the broker, or to write to a database that cannot be written."""
WATCH_S = 2.0


class ParticipantRunner:
    """One running participant. ``start`` raises DatastoreError; after that it retries what can be
    retried.

    - ``folder``: where its database lies. - ``seed``: seed data for ``Participant.seed``.
    - ``skew_ms``: how far the orchestrator's clock may be off before a command counts as expired.
    """

    def __init__(
        self,
        participant: Participant,
        broker: BrokerSettings,
        folder: Path,
        *,
        clock: Clock | None = None,
        seed: Any = None,
        skew_ms: int = DEFAULT_SKEW_MS,
    ) -> None:
        self.participant = participant
        self.broker = broker
        self.clock = clock or SystemClock()
        self.waiters = Waiters()
        self._folder = folder
        self._seed = seed
        self._skew_ms = skew_ms
        self._counts: Counter[str] = Counter()
        self._partitions: dict[str, int] = {}
        self._database: Database | None = None
        self._session: Session | None = None
        self._storage = ""
        self._connection = "starting"
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open the database, and begin to connect; returns before the broker has answered."""
        self._database = Database(self.participant, ensure_folder(self._folder), self._seed)
        self._senders = TopicSenders(self.broker, client_id=f"{self.participant.name}-out")
        self._handler = BatchHandler(
            self.participant, self._database.writer, self.broker, self.clock, self._skew_ms
        )
        self._delivery = Delivery(self._senders, self._handler.dead_letter)
        jobs = [self._serve(), self._watch(), *(job(self) for job in self.participant.backgrounds)]
        self._tasks = [asyncio.ensure_future(job) for job in jobs]

    async def stop(self) -> None:
        """Finish what is under way within seconds, and close all; harmless when repeated."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        database, self._database = self._database, None
        if database is not None:
            await self._senders.close()
            database.close()
        self._connection = "stopped"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    async def _serve(self) -> None:
        """One session after another, until cancelled."""
        while True:
            self._session = Session(self._consumer(), self._handle, self._delivery)
            try:
                await self._session.run()
            except (BrokerError, KafkaError, OSError) as error:
                self._connection = f"the broker at {self.broker.address}: {error}"
                log.warning("no connection", service=self.participant.name, error=str(error))
            except (
                Exception
            ) as error:  # pylint: disable=broad-exception-caught  # a bug: said, not fatal
                self._connection = f"{type(error).__name__}: {error}"
                log.exception("session failed", service=self.participant.name)
            await self._session.close()
            await asyncio.sleep(PAUSE_S)

    def _consumer(self) -> Any:
        name = self.participant.name
        topics = [commands_topic(name), *self.participant.event_topics]
        # The embedded broker knows no static members.
        member = None if self.broker.embedded else f"{name}-{self._open.member}"
        return make_consumer(
            self.broker,
            [self.broker.topic(topic) for topic in topics],
            group_id=self.broker.topic(name),
            group_instance_id=member,
            client_id=name,
        )

    async def _handle(self, records: Sequence[ConsumedRecord]) -> Outcome:
        """Handle records; when the database cannot be used, again and again until it can."""
        while True:
            try:
                async with self._open.turn:
                    outcome = await self._handler.handle(records)
            except StorageFault as error:
                self._storage = str(error)
                log.error("nothing is acted on", service=self.participant.name, error=str(error))
                await asyncio.sleep(PAUSE_S)
                continue
            self._storage = ""
            self._counts.update(outcome.counts)
            for subject in outcome.woken:
                self.waiters.wake(subject)
            return outcome

    async def _watch(self) -> None:
        """Keep the picture of the connection fresh, also when nothing comes in."""
        while True:
            if self._session is not None and self._session.connected:
                self._connection = await self._session.probe()
            await asyncio.sleep(WATCH_S if not self._connection else PAUSE_S / 10)

    def health(self) -> Health:
        """Whether it takes commands and answers them, and if not, why."""
        reasons = [self._storage, self._connection]
        if self._database is not None:
            reasons.append(self._delivery.trouble)
            reasons += [f"{topic}: {why}" for topic, why in self._senders.sick().items()]
        for task in self._tasks:
            if task.done() and not task.cancelled():
                reasons.append(f"a task has ended: {task.exception()!r}")
        lag = self._session.lag if self._session else 0
        return Health(self.participant.name, tuple(filter(None, reasons)), lag, dict(self._counts))

    async def ready(self, timeout_s: float = 30.0) -> None:
        """Wait until it is ready; raises ParticipantError with the reasons if it is not."""
        end = asyncio.get_running_loop().time() + timeout_s
        while not (health := self.health()).ready:
            if asyncio.get_running_loop().time() > end:
                raise ParticipantError(f"{health.name} is not ready: {'; '.join(health.reasons)}")
            await asyncio.sleep(0.02)

    @property
    def _open(self) -> Database:
        if self._database is None:
            raise NotRunning(f"{self.participant.name} is not running")
        return self._database

    @property
    def reader(self) -> sqlite3.Connection:
        """The read-only connection to its database."""
        return self._open.reader

    def writing(self) -> AbstractAsyncContextManager[sqlite3.Connection]:
        """One write transaction on its database, between those of the commands."""
        return self._open.writing()

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
        await asyncio.shield(self._senders.submit(self.broker.topic(topic), partition, [record]))
