"""A participant at work: one session with the broker after another, on its open database."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence

import structlog
from aiokafka.errors import KafkaError

from contracts.topics import commands_topic
from infra.broker.clients import make_consumer
from infra.broker.errors import BrokerError, BrokerUnreachable
from infra.broker.outputs import TopicSenders
from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, Consumer
from infra.embedded_broker import Seat, take_seat
from services.participant.batch import BatchHandler
from services.participant.boundaries import FORGET
from services.participant.database import Database
from services.participant.delivery import Delivery
from services.participant.errors import StorageFault
from services.participant.health import Health
from services.participant.outcome import Outcome
from services.participant.outlet import Outlet
from services.participant.participant import Participant
from services.participant.retention import Retention
from services.participant.session import Session
from services.participant.settings import ServiceSettings
from services.participant.shared import Shared
from services.participant.waiters import Waiters

log = structlog.get_logger(__name__)

PAUSE_S = 0.5
"""Between two attempts to reach the broker, or to write to a database that cannot be written."""
WATCH_S = 2.0
FORGET_S = 60.0
"""Between two looks at what may be forgotten, when there is nothing more."""
WATCH_TROUBLE_S = 0.05


class Station:  # pylint: disable=too-many-instance-attributes  # its parts, and how it stands
    """Serves until it is cancelled; ``close`` afterwards. The database stays its owner's, and so do
    the senders where they are shared.
    """

    def __init__(
        self,
        participant: Participant,
        broker: BrokerSettings,
        database: Database,
        *,
        settings: ServiceSettings,
        shared: Shared,
    ) -> None:
        self._participant = participant
        self._broker = broker
        self._database = database
        used = shared.senders or TopicSenders(broker, client_id=f"{participant.name}-out")
        self._own = used if shared.senders is None else None
        self.outlet = Outlet(used)
        self.waiters = Waiters()
        self._clock = shared.clock
        self._metrics = shared.metrics
        self._retention = Retention(settings.keep_ms)
        self._seat: Seat | None = None
        self._handler = BatchHandler(
            participant, database.writer, broker, shared.clock, settings, shared.turn_s
        )
        self._delivery = Delivery(self.outlet, self._handler.dead_letter)
        self._session: Session | None = None
        self._storage = ""
        self._connection = "starting"
        self._counts: Counter[str] = Counter()

    async def serve(self) -> None:
        """One session after another, until cancelled.

        Raises SeatTaken on an embedded broker where another process runs this service.
        """
        await self._meet()
        while True:
            self._session = Session(self._consumer(), self._handle, self._delivery)
            try:
                await self._session.run()
            except (BrokerError, KafkaError, OSError) as error:
                self._connection = f"the broker at {self._broker.address}: {error}"
                log.warning("no connection", service=self._participant.name, error=str(error))
            except Exception as error:  # pylint: disable=broad-exception-caught
                # a bug: it is said, and what was being handled is read again
                self._connection = f"{type(error).__name__}: {error}"
                log.exception("session failed", service=self._participant.name)
            await self._session.close()
            await asyncio.sleep(PAUSE_S)

    async def _meet(self) -> None:
        """Learn which kind of broker it is; the embedded one takes each service only once."""
        name = self._participant.name
        while True:
            try:
                facts = await wait_for_broker(self._broker, on_retry=self._say)
                break
            except BrokerUnreachable as error:
                self._say(str(error))
        if facts.embedded:
            self._broker = self._broker.model_copy(update={"embedded": True})
            self._seat = take_seat(self._broker.address, f"process with the service {name}")

    def _say(self, connection: str) -> None:
        self._connection = connection

    def _consumer(self) -> Consumer:
        name = self._participant.name
        topics = [commands_topic(name), *self._participant.event_topics]
        # The embedded broker knows no static members.
        member = None if self._broker.embedded else f"{name}-{self._database.member}"
        return make_consumer(
            self._broker,
            [self._broker.topic(topic) for topic in topics],
            group_id=self._broker.topic(name),
            group_instance_id=member,
            client_id=name,
        )

    async def _handle(self, records: Sequence[ConsumedRecord]) -> Outcome:
        """Handle records; when the database cannot be used, again and again until it can."""
        while True:
            try:
                async with self._database.turn:
                    outcome = await self._handler.handle(records)
            except StorageFault as error:
                self._storage = str(error)
                log.error("nothing is acted on", service=self._participant.name, error=str(error))
                await asyncio.sleep(PAUSE_S)
                continue
            self._storage = ""
            self._retention.heard(outcome.oldest)
            self._counts.update(outcome.counts)
            for kind, seconds in outcome.handled:
                self._metrics.service_seconds.observe(seconds, self._participant.name, kind)
            for subject in outcome.woken:
                self.waiters.wake(subject)
            return outcome

    async def watch(self) -> None:
        """Keep the picture of the connection fresh, also when nothing comes in; until cancelled."""
        while True:
            if self._session is not None and self._session.connected:
                self._connection = await self._session.probe()
            await asyncio.sleep(WATCH_TROUBLE_S if self._connection else WATCH_S)

    async def forget(self) -> None:
        """Forget what may go, in small steps between the batches; until cancelled."""
        while True:
            more = False
            with contextlib.suppress(StorageFault):  # whoever handles commands says so
                async with self._database.writing(FORGET) as db:
                    more = self._retention.step(db, self._clock.now_ms())
            await asyncio.sleep(PAUSE_S if more else FORGET_S)

    def health(self) -> Health:
        """Whether commands are taken and answered, and if not, why."""
        sick = [f"{topic}: {why}" for topic, why in self.outlet.sick().items()]
        reasons = (self._storage, self._connection, self._delivery.trouble, *sick)
        lag = self._session.lag if self._session else 0
        name = self._participant.name
        return Health(name, tuple(filter(None, reasons)), lag, dict(self._counts))

    async def close(self) -> None:
        """Leave the broker; at the latest after a few seconds."""
        if self._session is not None:
            await self._session.close()
        if self._own is not None:
            await self._own.close()
        if self._seat is not None:
            self._seat.release()
