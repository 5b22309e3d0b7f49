"""The orchestrator of one process: reads inputs, decides, appends, commits, acts (DESIGN law 2)."""

import asyncio
import contextlib
import os
import random
import socket
from typing import Final, TypeVar

from msgspec.structs import replace

from contracts.topics import LOG
from infra.broker.errors import BrokerUnreachable
from infra.broker.outputs import TopicSenders
from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.broker.topics import ensure_topics
from infra.broker.types import KafkaError
from infra.clock import Clock, SystemClock
from infra.datastore import FolderLock
from infra.embedded_broker import take_seat
from infra.logging import get_logger
from infra.telemetry import spans_of
from infra.telemetry.metrics import Metrics
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.adoption import Adopter
from orchestrator.runtime.answers import Answers
from orchestrator.runtime.belonging import refuse_elsewhere
from orchestrator.runtime.boundaries import START, STOP
from orchestrator.runtime.checkup import Checkup
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.door import FrontDoor
from orchestrator.runtime.effects import Effects
from orchestrator.runtime.errors import NotRunning
from orchestrator.runtime.follow import Following
from orchestrator.runtime.health import Health
from orchestrator.runtime.house import House
from orchestrator.runtime.inputs import KafkaInputs
from orchestrator.runtime.log_reader import LogReader
from orchestrator.runtime.log_writer import LogWriter
from orchestrator.runtime.membership import member_of
from orchestrator.runtime.messages import Refused
from orchestrator.runtime.office import Office
from orchestrator.runtime.outstanding import EMBEDDED_BYTES
from orchestrator.runtime.partition import Partition
from orchestrator.runtime.plans import Plans
from orchestrator.runtime.shell import Shell
from orchestrator.runtime.spans import ROLE, SagaSpans
from orchestrator.runtime.states import Shelf
from orchestrator.runtime.steady import SteadyClock
from orchestrator.runtime.timers import Timers
from orchestrator.runtime.topics import own_topics
from orchestrator.runtime.vitals import Vitals
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow
from orchestrator.sagalog.store import SagaLog
from orchestrator.settings import Settings

STOP_S: Final = 5.0
"""How long a clean stop finishes what is under way; with leaving the group it is over in 10 s."""
Part = TypeVar("Part")
_log = get_logger(__name__)


class Orchestrator:  # pylint: disable=too-many-instance-attributes  # what it is given, and its parts
    """Owns the data folder while it runs. ``start`` before anything else, ``stop`` at the end.

    ``clock`` and ``chance`` are what time and randomness come from. ``lock`` is that of the data
    folder where whoever runs the orchestrator has taken it already; else ``start`` takes it. With
    ``refill`` a broker that has lost the log gets it again from the file; the embedded one always.
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
        lock: FolderLock | None = None,
        refill: bool = False,
    ) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.metrics = metrics or Metrics()
        self._broker = broker_settings
        self._clock = SteadyClock(clock or SystemClock())
        self._chance = chance or random.SystemRandom()
        self._lock = lock
        self._refill = refill
        self._stack = contextlib.AsyncExitStack()
        self._shell: Shell | None = None
        self._reader: Reader | None = None
        self._door: FrontDoor | None = None

    async def start(self, timeout_s: float = 30.0) -> None:
        """Start; returns when the group was joined.

        Raises BrokerError (not there, topics wrong or too weak), DatastoreError (the folder is in
        use or cannot be written, the file is newer), SeatTaken, LogLost, OtherLog.
        """
        try:
            await self._start(timeout_s)
        except KafkaError as error:
            raise BrokerUnreachable(f"{self._broker.address}: {error}") from error

    async def _start(self, timeout_s: float) -> None:
        async with contextlib.AsyncExitStack() as stack:
            if self._lock is None:
                stack.enter_context(FolderLock(self.settings.data))
            facts = await wait_for_broker(self._broker, timeout_s)
            if facts.embedded:
                self._broker = self._broker.model_copy(update={"embedded": True})
                stack.callback(take_seat(self._broker.address, "orchestrator").release)
                _log.info("embedded broker: in memory, for one process; the file is what lasts")
            count = self.settings.partitions_on(embedded=facts.embedded)
            await ensure_topics(
                self._broker,
                own_topics(self._broker, count),
                create=self.settings.create_topics,
                allow_weak=self.settings.allow_weak_log,
            )
            shell = await self._build(stack, count)
            await self._belong(shell, count)
            self._shell = shell
            stack.push_async_callback(self._end_at_failure, shell)
            with START:
                await shell.begin()
            self._stack = stack.pop_all()

    async def _belong(self, shell: Shell, count: int) -> None:
        log, embedded = shell.house.log, self._broker.embedded
        refuse_elsewhere(log, count, embedded=embedded, refill=self._refill)
        await shell.house.adopter.look(range(count))
        log.settle(embedded)

    async def _end_at_failure(self, shell: Shell) -> None:
        if self._shell is shell:
            self._shell = None
            await shell.end(leave=True)

    async def _build(self, stack: contextlib.AsyncExitStack, count: int) -> Shell:
        """Make the parts; each is closed by the stack, the last one first."""
        broker, file = self._broker, self.settings.data / "saga.db"
        log = SagaLog.open(file)
        stack.callback(log.close)
        self._reader = Reader.open(file)
        stack.callback(self._reader.close)
        self._door = FrontDoor(
            broker, count, self._decided if broker.embedded else None, self._fresh_id
        )
        await self._door.open()
        stack.push_async_callback(self._door.close)
        writer = LogWriter(broker, broker.topic(LOG))
        stack.push_async_callback(writer.close)
        senders = TopicSenders(broker)
        stack.push_async_callback(senders.close)
        reader = LogReader(broker, broker.topic(LOG), count)
        await reader.start()
        stack.push_async_callback(reader.stop)
        member = member_of(self.settings.data, self._chance)
        inputs = KafkaInputs(broker, self.settings.group, member, count)
        house = House(
            broker,
            self._clock,
            log,
            partitions=count,
            writer=writer,
            effects=Effects(broker, senders),
            inputs=inputs,
            owner=f"{socket.gethostname()}/{os.getpid()}",
            metrics=self.metrics,
            chance=self._chance,
        )
        return self._furnish(stack, house, inputs, reader, count)

    def _furnish(
        self,
        stack: contextlib.AsyncExitStack,
        house: House,
        inputs: KafkaInputs,
        reader: LogReader,
        count: int,
    ) -> Shell:
        """Put the partitions into the house, and whoever looks after them."""
        refill = self._refill or self._broker.embedded
        house.adopter = Adopter(
            reader, house.log, house.follower, house.follower_moved, refill=refill
        )
        house.following = Following(reader, house.adopter, house.set_aside)
        stack.push_async_callback(house.following.stop)
        if self._broker.embedded:
            house.outstanding.limit = EMBEDDED_BYTES
        spans = spans_of(ROLE)
        if spans is not None:
            house.spans = SagaSpans(spans, self._broker, house.log.load)
        plans = Plans(self.catalogue, house.log)
        house.counting.follow_plans(plans.find)
        office = Office(self._broker, count, plans, house.log, Shelf(), spans)
        partitions = [Partition(p, house, Desk(office, p)) for p in range(count)]
        timers = Timers(self._clock, house.log, inputs, partitions)
        checkup = Checkup(house, inputs, partitions, self._assignment, self.reader)
        return Shell(house, inputs, partitions, timers, checkup, Answers(self.reader))

    async def stop(self) -> None:
        """Finish what is under way, commit offsets, leave the group; within 10 seconds."""
        shell, self._shell = self._shell, None
        if shell is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    with STOP:
                        await shell.finish()
            await shell.end(leave=True)
            await self._stack.aclose()

    async def kill(self) -> None:
        """Stop like a crash: nothing is finished or committed, the group finds out by itself."""
        shell, self._shell = self._shell, None
        if shell is not None:
            await shell.end(leave=False)
            await self._stack.aclose()

    # --------------------------------------------------------------------------------- answers

    @property
    def reader(self) -> Reader:
        """The saga log, to read; raises NotRunning."""
        return _running(self._reader)

    @property
    def door(self) -> FrontDoor:
        """Where requests go; raises NotRunning."""
        return _running(self._door)

    @property
    def partitions(self) -> list[Partition]:
        """The partitions as they stand in this process; raises NotRunning."""
        return _running(self._shell).partitions

    async def wait(
        self, tenant: int, definition: str, key: str, timeout_s: float
    ) -> SagaRow | Refused | None:
        """The saga of this request key as soon as it is in the log, or why this process refused it;
        None when neither is known in time. Raises NotRunning.
        """
        return await _running(self._shell).answers.start(tenant, definition, key, timeout_s)

    async def wait_saga(self, saga: int, timeout_s: float) -> SagaRow | None:
        """The saga as soon as it has ended or waits for a person; else as it stands in the end.

        Raises NotRunning.
        """
        return await _running(self._shell).answers.saga(saga, timeout_s)

    async def wait_moved(self, saga: int, number: int, timeout_s: float) -> SagaRow | None:
        """The saga as soon as it has more than ``number`` transitions; else as it stands in the
        end. Raises NotRunning.
        """
        return await _running(self._shell).answers.further(saga, number, timeout_s)

    async def wait_signal(self, saga: int, signal: str, timeout_s: float) -> str | None:
        """Why the saga refused this signal, empty where it applied; None when that is not known
        in time. Raises NotRunning.
        """
        return await _running(self._shell).answers.signal(saga, signal, timeout_s)

    def health(self) -> Health:
        """Whether this process makes progress, and if not, why; raises NotRunning."""
        return _running(self._shell).checkup.health()

    def vitals(self) -> Vitals:
        """What its components measure now; raises NotRunning."""
        found = _running(self._shell).checkup.vitals()
        return replace(found, jump_ms=self._clock.behind_ms)

    def _assignment(self) -> set[int] | None:
        return self._shell.assignment if self._shell else None

    def _fresh_id(self) -> str:
        return f"{self._chance.getrandbits(128):032x}"

    def _decided(self, partition: int) -> int:
        return self._shell.partitions[partition].positions[0] if self._shell else -1


def _running(part: Part | None) -> Part:
    if part is None:
        raise NotRunning
    return part
