"""Taking an event: each once, in one transaction with what its handler writes."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from pydantic import ValidationError

from contracts.envelope import EVENT, EventMessage, MalformedMessage, decode, explain
from infra.broker.types import ConsumedRecord
from infra.clock import Clock
from infra.logging import bound
from services.participant import inbox
from services.participant.calling import call
from services.participant.outcome import Outcome
from services.participant.participant import EventHandler
from services.participant.settings import DAY_MS
from services.participant.work import Work

log = structlog.get_logger(__name__)

WITHIN_S = 30.0
"""How long a coroutine function may take for one event."""


class EventFailed(MalformedMessage):
    """The handler of an event raised; the event goes to the dead letters (DESIGN law 8)."""


class EventTooOld(MalformedMessage):
    """Whether the event was taken before is not remembered; it goes to the dead letters."""


class EventTaker:
    """Takes the events of one participant, inside a transaction that its caller has begun.

    ``handlers``: by full topic name and type of event.
    """

    def __init__(
        self,
        name: str,
        handlers: Mapping[tuple[str, str], EventHandler],
        db: sqlite3.Connection,
        clock: Clock,
        keep_ms: int,
    ) -> None:
        self._name = name
        self._handlers = handlers
        self._db = db
        self._clock = clock
        self._keep_ms = keep_ms

    async def take(self, record: ConsumedRecord, outcome: Outcome) -> None:
        """Follow one event, if there is a handler for it and it is new.

        Raises MalformedMessage when it cannot be read or handled, or StorageFault.
        """
        event = decode(EVENT, record.value)
        handler = self._handlers.get((record.topic, event["type"]))
        if handler is None:
            return
        try:
            data = handler.event.model_validate(event["data"])
        except ValidationError as error:
            raise MalformedMessage(f"{event['type']}: {explain(error)}") from error
        with bound(saga=event.get("saga", 0), traceparent=event.get("traceparent", "")):
            await self._follow(event, handler, data, outcome)

    async def _follow(
        self, event: EventMessage, handler: EventHandler, data: Any, outcome: Outcome
    ) -> None:
        now_ms = self._clock.now_ms()
        work = Work(self._db, event["tenant"], event.get("saga", 0), now_ms, event)
        inbox.begin(self._db)
        try:
            new = inbox.see_event(self._db, event["source"], event["id"], now_ms)
            if new:
                self._refuse_old(event, now_ms)
                with outcome.timing(event["type"], self._clock):
                    await call(handler, data, work, WITHIN_S)
            inbox.keep(self._db)
        except EventTooOld as error:
            inbox.undo(self._db, error)
            raise
        except Exception as error:  # this event's alone
            inbox.undo(self._db, error)
            log.warning("event failed", service=self._name, kind=event["type"], exc_info=error)
            raise EventFailed(f"{type(error).__name__}: {error}") from error
        outcome.woken.update(work.woken)
        outcome.counts["events" if new else "repeated"] += 1

    def _refuse_old(self, event: EventMessage, now_ms: int) -> None:
        """Raises EventTooOld for one that may have been taken and forgotten."""
        told = event.get("time")
        if told is None:
            return
        try:
            age_ms = now_ms - datetime.fromisoformat(told).timestamp() * 1_000
        except ValueError as error:
            raise MalformedMessage(f"time: {error}") from error
        if age_ms > self._keep_ms:
            days = round(age_ms / DAY_MS)
            raise EventTooOld(f"the event is {days} days old: whether it was taken is forgotten")
