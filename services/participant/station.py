"""A participant at work: one session with the broker after another, on its open database."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import structlog
from aiokafka.errors import KafkaError

from contracts.topics import commands_topic
from infra.broker.clients import make_consumer
from infra.broker.errors import BrokerError
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, Consumer
from infra.clock import Clock
from services.participant.batch import BatchHandler
from services.participant.database import Database
from services.participant.delivery import Delivery
from services.participant.errors import StorageFault
from services.participant.health import Health
from services.participant.outcome import Outcome
from services.participant.participant import Participant
from services.participant.session import Session
from services.participant.waiters import Waiters

log = structlog.get_logger(__name__)

PAUSE_S = 0.5
"""Between two attempts to reach the broker, or to write to a database that cannot be written."""
WATCH_S = 2.0
WATCH_TROUBLE_S = 0.05


class Station:
    """Serves until it is cancelled; ``close`` afterwards. The database stays its owner's."""

    def __init__(
        self,
        participant: Participant,
        broker: BrokerSettings,
        database: Database,
        clock: Clock,
        *,
        skew_ms: int,
    ) -> None:
        self._participant = participant
        self._broker = broker
        self._database = database
        self.senders = TopicSenders(broker, client_id=f"{participant.name}-out")
        self.waiters = Waiters()
        self._handler = BatchHandler(participant, database.writer, broker, clock, skew_ms)
        self._delivery = Delivery(self.senders, self._handler.dead_letter)
        self._session: Session | None = None
        self._storage = ""
        self._connection = "starting"
        self._counts: Counter[str] = Counter()

    async def serve(self) -> None:
        """One session after another, until cancelled."""
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
            self._counts.update(outcome.counts)
            for subject in outcome.woken:
                self.waiters.wake(subject)
            return outcome

    async def watch(self) -> None:
        """Keep the picture of the connection fresh, also when nothing comes in; until cancelled."""
        while True:
            if self._session is not None and self._session.connected:
                self._connection = await self._session.probe()
            await asyncio.sleep(WATCH_TROUBLE_S if self._connection else WATCH_S)

    def health(self) -> Health:
        """Whether commands are taken and answered, and if not, why."""
        sick = [f"{topic}: {why}" for topic, why in self.senders.sick().items()]
        reasons = (self._storage, self._connection, self._delivery.trouble, *sick)
        lag = self._session.lag if self._session else 0
        name = self._participant.name
        return Health(name, tuple(filter(None, reasons)), lag, dict(self._counts))

    async def close(self) -> None:
        """Leave the broker; at the latest after a few seconds."""
        if self._session is not None:
            await self._session.close()
        await self.senders.close()
