"""A batch of records: one transaction, a savepoint for each, and what is to be sent once it is
committed.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from math import inf

import structlog

from contracts.envelope import MalformedMessage
from contracts.topics import DEAD_LETTERS, commands_topic
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord
from infra.clock import Clock
from infra.datastore import transaction
from infra.telemetry import spans_of
from services.participant import wire
from services.participant.boundaries import DEAD_LETTERS as LETTERS
from services.participant.boundaries import HANDLE
from services.participant.commands import CommandTaker
from services.participant.errors import StorageFault
from services.participant.events import EventTaker
from services.participant.outcome import Outcome, Outgoing
from services.participant.participant import Participant
from services.participant.settings import ServiceSettings
from services.participant.tracing import TracedCommandTaker, TracedEventTaker

log = structlog.get_logger(__name__)

BUDGET_S = 0.1
"""A transaction is closed after this long, so that slow handlers do not keep the first replies
waiting.
"""


class BatchHandler:
    """Handles the records of one participant on its one writing connection. ``turn_s``: see
    ``Shared``.
    """

    def __init__(
        self,
        participant: Participant,
        db: sqlite3.Connection,
        broker: BrokerSettings,
        clock: Clock,
        settings: ServiceSettings,
        turn_s: float = inf,
    ) -> None:
        name = self._name = participant.name
        self._db = db
        self._clock = clock
        self._turn_s = turn_s
        spans = self._spans = spans_of(name)
        topic = self._commands_topic = broker.topic(commands_topic(name))
        self._dead_letters = broker.topic(DEAD_LETTERS)
        commands = participant.commands
        events = {(broker.topic(t), kind): h for (t, kind), h in participant.events.items()}
        self._commands: CommandTaker
        self._events: EventTaker
        if spans is None:
            self._commands = CommandTaker(
                name, commands, db, clock, settings.skew_ms, flaky=settings.flakiness
            )
            self._events = EventTaker(name, events, db, clock, settings.keep_ms)
        else:
            self._commands = TracedCommandTaker(
                name, commands, db, clock, settings=settings, topic=topic, spans=spans
            )
            self._events = TracedEventTaker(name, events, db, clock, settings.keep_ms, spans=spans)

    async def handle(self, records: Sequence[ConsumedRecord]) -> Outcome:
        """Handle as many of the records as time allows, at least one, in one committed transaction.

        Raises StorageFault when the database cannot be used: then nothing has happened.
        """
        outcome = Outcome()
        now = self._clock.monotonic()
        end, turn = now + BUDGET_S, now + self._turn_s
        try:
            with transaction(self._db, HANDLE):
                for record in records:
                    await self._take(record, outcome)
                    outcome.taken += 1
                    now = self._clock.monotonic()
                    if now > end:
                        break
                    if now > turn:
                        await asyncio.sleep(0)
                        turn = self._clock.monotonic() + self._turn_s
        except sqlite3.Error as error:
            raise StorageFault(f"the database cannot be used: {error}") from error
        if self._spans is not None:
            self._spans.send(outcome.spans)
        return outcome

    async def _take(self, record: ConsumedRecord, outcome: Outcome) -> None:
        taker = self._commands if record.topic == self._commands_topic else self._events
        try:
            await taker.take(record, outcome)
        except MalformedMessage as error:
            outcome.outgoing.append(self.dead_letter(record, str(error)))
            outcome.counts["dead_letters"] += 1

    def dead_letter(self, record: ConsumedRecord, error: str) -> Outgoing:
        """The dead letter for a record that cannot be read, handled or answered (DESIGN law 8)."""
        log.warning(
            "dead letter",
            service=self._name,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            error=error,
        )
        letter = wire.dead_letter(record, error, self._clock.now_ms())
        return Outgoing(self._dead_letters, 0, letter, record, LETTERS)
