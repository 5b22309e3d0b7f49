"""The orchestrator of one process: reads inputs, decides, appends, commits, acts (DESIGN law 2)."""

import asyncio
import contextlib
import os
import random
import socket
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

from contracts.topics import LOG
from infra.broker.outputs import TopicSenders
from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.broker.topics import ensure_topics
from infra.broker.types import ConsumedRecord
from infra.clock import Clock, SystemClock
from infra.datastore import FolderInUse, FolderLock
from infra.logging import get_logger
from infra.telemetry import spans_of
from infra.telemetry.metrics import Metrics
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.adoption import Adopter
from orchestrator.runtime.checkup import Checkup
from orchestrator.runtime.desk import Desk, Office
from orchestrator.runtime.door import FrontDoor
from orchestrator.runtime.effects import Effects
from orchestrator.runtime.errors import EmbeddedBrokerTaken, RuntimeFailure
from orchestrator.runtime.follow import Following
from orchestrator.runtime.health import Health
from orchestrator.runtime.house import House
from orchestrator.runtime.inputs import KafkaInputs
from orchestrator.runtime.log_reader import LogReader
from orchestrator.runtime.log_writer import LogWriter
from orchestrator.runtime.outstanding import EMBEDDED_BYTES
from orchestrator.runtime.partition import Partition
from orchestrator.runtime.plans import Plans
from orchestrator.runtime.refusals import Refusals
from orchestrator.runtime.spans import ROLE, SagaSpans
from orchestrator.runtime.steady import SteadyClock
from orchestrator.runtime.timers import Timers
from orchestrator.runtime.topics import own_topics
from orchestrator.runtime.waiters import Waiters
from orchestrator.runtime.wire import Refused
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow
from orchestrator.sagalog.store import SagaLog
from orchestrator.settings import Settings

STOP_S: Final = 8.0
"""A clean stop is over within 10 s."""
_log = get_logger(__name__)


class NotRunning(RuntimeFailure):
    """The orchestrator is not running."""


class Orchestrator:  # pylint: disable=too-many-instance-attributes  # the shell holds the parts
    """Owns the data folder while it runs. ``start`` before anything else, ``stop`` at the end.

    ``clock`` and ``chance`` are what time and randomness come from.
    """

    def __init__(
        self,
        settings: Settings,
        broker_settings: BrokerSettings,
        catalogue: Catalogue,
        clock: Clock | None = None,
        *,
        chance: random.Random | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.metrics = metrics or Metrics()
        self._broker = broker_settings
        self._clock = SteadyClock(clock or SystemClock())
        self._chance = chance or random.SystemRandom()
        self._waiters = Waiters()
        self._refusals = Refusals()
        self._assigned: set[int] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._lock = FolderLock(settings.data)
        self._stack = contextlib.AsyncExitStack()
        self.partitions: list[Partition] = []
        self._running = False

    # ------------------------------------------------------------------------------ starting

    async def start(self, timeout_s: float = 30.0) -> None:
        """Start; returns when the group was joined. Raises BrokerError, DatastoreError."""
        async with contextlib.AsyncExitStack() as stack:
            self._lock.acquire()
            stack.callback(self._lock.release)
            facts = await wait_for_broker(self._broker, timeout_s)
            if facts.embedded:
                self._use_embedded(stack)
            count = self.settings.partitions_on(embedded=facts.embedded)
            await ensure_topics(
                self._broker,
                own_topics(self._broker, count),
                create=self.settings.create_topics,
                allow_weak=self.settings.allow_weak_log,
            )
            file = self.settings.data / "saga.db"
            self._store = SagaLog.open(file)
            stack.callback(self._store.close)
            self.reader = Reader.open(file)
            stack.callback(self.reader.close)
            await self._build(stack, count)
            self._stack = stack.pop_all()
        self._running = True

    async def _build(self, stack: contextlib.AsyncExitStack, count: int) -> None:
        broker = self._broker
        decided = self._decided if broker.embedded else None
        self.door = FrontDoor(broker, count, decided)
        await self.door.open()
        stack.push_async_callback(self.door.close)
        writer = LogWriter(broker, broker.topic(LOG))
        stack.push_async_callback(writer.close)
        senders = TopicSenders(broker)
        stack.push_async_callback(senders.close)
        effects = Effects(broker, senders)
        reader = LogReader(broker, broker.topic(LOG), count)
        await reader.start()
        stack.push_async_callback(reader.stop)
        self._inputs = KafkaInputs(broker, self.settings.group, self._member(), count)
        self._house = house = House(
            broker,
            self._clock,
            self._store,
            writer=writer,
            effects=effects,
            inputs=self._inputs,
            owner=f"{socket.gethostname()}/{os.getpid()}",
            metrics=self.metrics,
            chance=self._chance,
        )
        house.adopter = Adopter(reader, self._store, house.follower, self._moved)
        house.following = Following(reader, house.adopter, house.set_aside)
        stack.push_async_callback(house.following.stop)
        house.moved = self._moved
        house.refused = self._refused
        house.unblocked = self._balance
        if broker.embedded:
            house.outstanding.limit = EMBEDDED_BYTES
        spans = spans_of(ROLE)
        if spans is not None:
            house.spans = SagaSpans(spans, broker, self._store.load)
        office = Office(broker, count, Plans(self.catalogue, self._store), self._store, spans)
        self.partitions = [Partition(p, house, Desk(office, p)) for p in range(count)]
        self._timers = Timers(self._clock, self._store, self._inputs, self.partitions)
        self._checkup = Checkup(
            house, self._inputs, self.partitions, lambda: self._assigned, self.reader
        )
        for partition in range(count):
            house.follow(partition)
        await self._inputs.start(self._take, self)
        self._spawn(self._timers.run)
        self._spawn(self._checkup.watch)
        self._spawn(self._checkup.commit_offsets)
        self._spawn(self._checkup.reconcile)

    def _use_embedded(self, stack: contextlib.AsyncExitStack) -> None:
        """Take the embedded broker for ourselves: a second member of our group would end it."""
        self._broker = self._broker.model_copy(update={"embedded": True})
        place = self._broker.address.replace(":", "-").replace("/", "-")
        lock = FolderLock(Path(tempfile.gettempdir()) / f"saga-embedded-{place}")
        try:
            lock.acquire()
        except FolderInUse as error:
            raise EmbeddedBrokerTaken(
                f"another orchestrator uses the embedded broker at {self._broker.address} already,"
                " and it takes only one; a real Kafka takes many"
            ) from error
        stack.callback(lock.release)
        _log.info("embedded broker: one process, in memory, the file is the only durable copy")

    def _decided(self, partition: int) -> int:
        return self.partitions[partition].positions[0] if self.partitions else -1

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def forever() -> None:
            while True:
                try:
                    await work()
                except Exception:  # pylint: disable=broad-exception-caught
                    _log.exception("a background task failed, it begins again")
                    await asyncio.sleep(1.0)

        self._tasks.append(asyncio.create_task(forever(), name=work.__qualname__))

    def _member(self) -> str:
        """The static membership id of this data folder: made once, kept for good."""
        file = self.settings.data / "member"
        if not file.exists():
            file.write_text(f"saga-{self._chance.getrandbits(64):016x}\n", "ascii")
        return file.read_text("ascii").strip()

    # ------------------------------------------------------------------------------- stopping

    async def stop(self) -> None:
        """Finish what is under way, commit offsets, leave the group; within 10 seconds."""
        if not self._running:
            return
        self._running = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                for partition in self.partitions:
                    self._inputs.close(partition.number)
                await self._drain()
                await self._house.effects.flush()
                await self._checkup.commit_now()
        await self._end(leave=True)

    async def kill(self) -> None:
        """Stop like a crash: nothing is finished, nothing committed, the group finds out by
        itself.
        """
        self._running = False
        await self._end(leave=False)

    async def _end(self, *, leave: bool) -> None:
        self._house.effects.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._inputs.stop(leave=leave), 5.0)
        for partition in self.partitions:
            partition.stop()
        await self._stack.aclose()

    async def _drain(self) -> None:
        while not all(partition.idle for partition in self.partitions):  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    # ----------------------------------------------------------------------- the group decides

    async def revoked(self, partitions: set[int]) -> None:
        """A rebalance begins: let the next owner find everything decided and committed."""
        for partition in partitions:
            self._inputs.close(partition)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._drain()
        await self._checkup.commit_now()

    async def assigned(self, partitions: set[int]) -> None:
        """A rebalance is over: claim what is new, give up what is gone, go on with the rest."""
        before, self._assigned = self._assigned or set(), partitions
        for partition in self.partitions:
            if partition.number in partitions:
                if partition.number in before:
                    await partition.reopen()
                else:
                    partition.assigned()
            elif partition.number in before:
                partition.revoke()

    # --------------------------------------------------------------------------------- working

    def _take(self, partition: int, source: int, records: list[ConsumedRecord]) -> None:
        try:
            self.partitions[partition].take(source, records)
        except Exception as error:  # pylint: disable=broad-exception-caught
            _log.exception("inputs could not be decided", partition=partition)
            self.partitions[partition].broken(f"{type(error).__name__}: {error}")
        self._timers.poke()

    def _moved(self, sagas: set[int]) -> None:
        self._timers.poke()
        if self._waiters:
            self._wake(sagas)

    def _balance(self) -> None:
        for partition in self.partitions:
            partition.balance()

    def _refused(self, refusals: Sequence[Refused]) -> None:
        for told in refusals:
            self._refusals.remember(told)
            self._waiters.wake((told.tenant, told.definition, told.key))

    def _wake(self, sagas: set[int]) -> None:
        for saga in sagas:
            self._waiters.wake(saga)
            row = self._store.saga(saga)
            if row is not None:
                self._waiters.wake((row.tenant, row.definition, row.key))

    # --------------------------------------------------------------------------------- answers

    async def wait(
        self, tenant: int, definition: str, key: str, timeout_s: float
    ) -> SagaRow | Refused | None:
        """The saga of this request key, as soon as it is in the log; why it was refused, when it
        was
        refused by this process; None when time is over.
        """
        return await self._waiters.until(
            (tenant, definition, key),
            lambda: (
                self.reader.by_key(tenant, definition, key)
                or self._refusals.find(tenant, definition, key)
            ),
            timeout_s,
        )

    async def wait_saga(self, saga: int, timeout_s: float) -> SagaRow | None:
        """The saga as soon as it has ended or waits for a person; as it stands when time is
        over.
        """

        def look() -> SagaRow | None:
            row = self.reader.saga(saga)
            return row if row and row.status in ("completed", "failed", "needs_operator") else None

        return await self._waiters.until(saga, look, timeout_s) or self.reader.saga(saga)

    def health(self) -> Health:
        """Whether this process makes progress, and if not, why; raises NotRunning."""
        if not self._running:
            raise NotRunning
        return self._checkup.health()
