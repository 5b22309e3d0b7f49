"""Spans of handlers, each under the span of the command or event that it handles.

Used in place of the plain takers where spans are exported; a process that exports none runs none of
this. A span is sent once its transaction is committed: what was rolled back did not happen.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from contracts.envelope import CommandMessage, EventMessage
from infra.clock import Clock
from infra.telemetry import Finished, Spans
from infra.telemetry import attributes as a
from infra.telemetry.context import child_of, valid
from infra.telemetry.spans import Value
from services.participant.commands import CommandTaker
from services.participant.events import EventTaker
from services.participant.outcome import Outcome
from services.participant.participant import CommandHandler, EventHandler
from services.participant.rules import Fault, Stored
from services.participant.settings import ServiceSettings

_MS: Final = 1_000_000
_S: Final = 1_000_000_000


class _Stopwatch:
    """When something began on the wall clock, and how long it has been going on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.start_ns = clock.now_ms() * _MS
        self._began = clock.monotonic()

    @property
    def end_ns(self) -> int:
        return self.start_ns + round((self._clock.monotonic() - self._began) * _S)


class TracedCommandTaker(CommandTaker):
    """A CommandTaker that leaves a span of each command in the outcome of its batch.

    One that is not answered has none: its end is not known.
    """

    def __init__(
        self,
        name: str,
        handlers: Mapping[str, CommandHandler],
        db: sqlite3.Connection,
        clock: Clock,
        *,
        settings: ServiceSettings,
        topic: str,
        spans: Spans,
    ) -> None:
        super().__init__(name, handlers, db, clock, settings.skew_ms, flaky=settings.flakiness)
        self._topic = topic
        self._spans = spans

    async def _answer(self, command: CommandMessage, outcome: Outcome) -> Stored | Fault:
        parent = valid(command.get("traceparent"))
        own = child_of(parent)
        if not self._spans.samples(parent or own):
            return await super()._answer(command, outcome)
        watch = _Stopwatch(self._clock)
        before = outcome.counts["repeated"]
        with self._spans.under(own):
            answer = await super()._answer(command, outcome)
        kind, error = _told(answer)
        verb = "handle" if command["direction"] == "do" else "undo"
        span = Finished(
            f"{verb} {command['type']}",
            "consumer",
            own,
            parent,
            watch.start_ns,
            watch.end_ns,
            {
                **_message(self._name, self._topic, command),
                a.SAGA_STEP: command["step"],
                a.SAGA_DIRECTION: command["direction"],
                a.SAGA_ROUND: command["round"],
                a.SAGA_ATTEMPT: command["attempt"],
                a.SAGA_REPEATED: outcome.counts["repeated"] > before,
                **kind,
            },
            error,
        )
        outcome.spans.append(span)
        return answer


class TracedEventTaker(EventTaker):
    """An EventTaker that leaves a span of each event it follows in the outcome of its batch.

    One whose handler fails has none: it is a dead letter, and told as such.
    """

    def __init__(
        self,
        name: str,
        handlers: Mapping[tuple[str, str], EventHandler],
        db: sqlite3.Connection,
        clock: Clock,
        keep_ms: int,
        *,
        spans: Spans,
    ) -> None:
        super().__init__(name, handlers, db, clock, keep_ms)
        self._spans = spans

    async def _follow(
        self, event: EventMessage, handler: EventHandler, data: Any, outcome: Outcome
    ) -> None:
        parent = valid(event.get("traceparent"))
        own = child_of(parent)
        if not self._spans.samples(parent or own):
            await super()._follow(event, handler, data, outcome)
            return
        watch = _Stopwatch(self._clock)
        before = outcome.counts["repeated"]
        with self._spans.under(own):
            await super()._follow(event, handler, data, outcome)
        span = Finished(
            f"follow {event['type']}",
            "consumer",
            own,
            parent,
            watch.start_ns,
            watch.end_ns,
            {
                **_message(self._name, handler.event.topic, event),
                a.SAGA_REPEATED: outcome.counts["repeated"] > before,
            },
        )
        outcome.spans.append(span)


def _message(service: str, topic: str, message: CommandMessage | EventMessage) -> dict[str, Value]:
    saga = message.get("saga", 0)
    return {
        a.MESSAGING_SYSTEM: a.KAFKA,
        a.MESSAGING_OPERATION_TYPE: a.PROCESS,
        a.MESSAGING_OPERATION_NAME: a.PROCESS,
        a.MESSAGING_DESTINATION_NAME: topic,
        a.MESSAGING_CONSUMER_GROUP_NAME: service,
        a.MESSAGING_MESSAGE_ID: message["id"],
        a.MESSAGING_CONVERSATION_ID: str(saga),
        a.SAGA_ID: saga,
        a.SAGA_TENANT: message["tenant"],
        a.SAGA_MESSAGE_TYPE: message["type"],
    }


def _told(answer: Stored | Fault) -> tuple[dict[str, Value], str]:
    """How it ended, as attributes and in words ("" when it succeeded)."""
    if isinstance(answer, Fault):
        ended: dict[str, Value] = {a.SAGA_OUTCOME: "failed", a.ERROR_TYPE: answer.code}
        return {**ended, a.SAGA_CODE: answer.code}, f"{answer.code}: {answer.reason}"
    if answer.outcome == "refused":
        data = msgspec.json.decode(answer.data)
        known = {a.SAGA_CODE: data["code"], a.ERROR_TYPE: data["code"]}
        return {a.SAGA_OUTCOME: "refused", **known}, f"{data['code']}: {data['reason']}"
    return {a.SAGA_OUTCOME: answer.outcome}, ""
