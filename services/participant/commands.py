"""Taking a command: from its bytes to its effect, its stored reply and what answers it."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import structlog
from pydantic import ValidationError

from contracts.envelope import COMMAND, CommandMessage, decode, explain
from contracts.messages import Reply
from contracts.topics import partition_of_saga
from infra.broker.types import ConsumedRecord
from infra.clock import Clock
from infra.logging import bound
from services.participant import inbox, wire
from services.participant.boundaries import REPLIES
from services.participant.calling import call
from services.participant.errors import FlakyFailure, Refusal, Unanswered
from services.participant.outcome import Outcome, Outgoing
from services.participant.participant import CommandHandler
from services.participant.rules import Action, Fault, Stored, judge
from services.participant.work import Work

log = structlog.get_logger(__name__)


class CommandTaker:
    """Takes the commands of one participant, inside a transaction that its caller has begun.

    ``skew_ms``: how far the orchestrator's clock may be off before a command counts as expired;
    ``flaky``: the seed of flaky calls, None where there are none.
    """

    def __init__(
        self,
        name: str,
        handlers: Mapping[str, CommandHandler],
        db: sqlite3.Connection,
        clock: Clock,
        skew_ms: int,
        *,
        flaky: int | None = None,
    ) -> None:
        self._name = name
        self._handlers = handlers
        self._db = db
        self._clock = clock
        self._skew_ms = skew_ms
        self._flaky = flaky

    async def take(self, record: ConsumedRecord, outcome: Outcome) -> None:
        """Act on one command and answer it, unless its handler does not.

        Raises MalformedMessage, or StorageFault.
        """
        command = decode(COMMAND, record.value)
        oldest = command.get("oldest")
        if oldest is not None:
            outcome.oldest[partition_of_saga(oldest)] = oldest
        trace = command.get("traceparent", "")
        with bound(saga=command["saga"], step=command["step"], traceparent=trace):
            try:
                answer = await self._answer(command, outcome)
            except Unanswered as error:
                log.warning("no answer", service=self._name, kind=command["type"], why=str(error))
                outcome.counts["unanswered"] += 1
                return
        reply = wire.reply_record(self._name, command, answer)
        outcome.outgoing.append(
            Outgoing(command["replytopic"], command["replypartition"], reply, record, REPLIES)
        )

    async def _answer(self, command: CommandMessage, outcome: Outcome) -> Stored | Fault:
        now_ms = self._clock.now_ms()
        verdict = judge(command, inbox.history(self._db, command), now_ms, self._skew_ms)
        if isinstance(verdict, Stored):
            outcome.counts["repeated"] += 1
            return verdict
        answer: Stored | Fault
        if verdict is Action.ACT:
            answer = await self._act(command, now_ms, outcome)
        elif verdict is Action.NOTHING_TO_UNDO:
            answer = wire.NOTHING_UNDONE
            inbox.remember(self._db, command, answer, now_ms)
        else:
            answer = verdict
        outcome.counts[answer.code if isinstance(answer, Fault) else answer.outcome] += 1
        return answer

    async def _act(self, command: CommandMessage, now_ms: int, outcome: Outcome) -> Stored | Fault:
        """Run the handler in its savepoint; what is definite is stored there with its effect."""
        handler = self._handlers.get(command["type"])
        if handler is None:
            return Fault("unknown_command", f"{self._name} knows no command {command['type']}")
        try:
            data = handler.command.model_validate(command["data"])
        except ValidationError as error:
            return Fault("malformed_command", f"{command['type']}: {explain(error)}")
        work = Work(
            self._db, command["tenant"], command["saga"], now_ms, command, flaky=self._flaky
        )
        inbox.begin(self._db)
        try:
            with outcome.timing(command["type"], self._clock):
                reply = await call(handler, data, work, self._left_s(command, now_ms))
            stored = wire.success(_checked(reply, handler))
            inbox.remember(self._db, command, stored, now_ms)
            inbox.keep(self._db)
        except Exception as error:  # pylint: disable=broad-exception-caught  # this command's alone
            return self._give_up(command, handler, error, now_ms)
        outcome.woken.update(work.woken)
        return stored

    def _left_s(self, command: CommandMessage, now_ms: int) -> float:
        return (command["deadline"] + self._skew_ms - now_ms) / 1_000

    def _give_up(
        self, command: CommandMessage, handler: CommandHandler, error: Exception, now_ms: int
    ) -> Stored | Fault:
        """Undo what the handler wrote, and store a declared refusal. Raises StorageFault if it is
        one, and Unanswered.
        """
        inbox.undo(self._db, error)
        if isinstance(error, Unanswered):
            raise error
        if isinstance(error, Refusal) and error.code in handler.command.refusals:
            stored = wire.refused(error, handler.command)
            inbox.remember(self._db, command, stored, now_ms)
            return stored
        log.warning(
            "command failed",
            service=self._name,
            kind=command["type"],
            attempt=command["attempt"],
            error=str(error),
            # where it comes from is known of one that was asked for
            exc_info=None if isinstance(error, FlakyFailure) else error,
        )
        return Fault("exception", _reason(error))


def _checked(reply: Any, handler: CommandHandler) -> Reply:
    if not isinstance(reply, handler.command.reply):
        expected = handler.command.reply.__name__
        raise TypeError(f"the handler of {handler.command.__name__} must return {expected}")
    return reply


def _reason(error: Exception) -> str:
    if isinstance(error, Refusal):
        return f"the command declares no refusal {error.code!r} ({error.reason})"
    if isinstance(error, TimeoutError):
        return f"the handler did not end in time {error}".rstrip()
    return f"{type(error).__name__}: {error}"
