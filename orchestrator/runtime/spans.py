"""The orchestrator's spans: one for each attempt of a step or undo, and one for the saga itself.

They are derived from what the log holds, when it is committed: from the command's fact to the fact
that settled it, at the times of their transitions. So nothing is held open in memory, a successor
after a crash makes the very same spans, and one sent twice has the same ids twice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from contracts.envelope import idempotency_key
from infra.broker.settings import BrokerSettings
from infra.logging import get_logger
from infra.telemetry import Event, Finished, Spans
from infra.telemetry import attributes as a
from infra.telemetry.spans import Attributes, Value
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Fact,
    Failed,
    Failing,
    Faulted,
    Late,
    Parked,
    Refused,
    Repaired,
    Sent,
    Signalled,
    SignalRefused,
    Stuck,
    Succeeded,
    Transition,
)
from orchestrator.engine.state import State
from orchestrator.runtime.decisions import Decided
from orchestrator.runtime.tracing import caller_of, saga_traceparent, traceparent
from orchestrator.sagalog.errors import SagaLogError

ROLE: Final = "saga-orchestrator"
_MS: Final = 1_000_000
_OVER: Final = (Succeeded, Refused, Faulted, Completed, Failed)
_NAMES: Final = {"do": "step", "undo": "undo"}
_log = get_logger(__name__)

Settled = Succeeded | Refused | Faulted
History = Callable[[int], Sequence[Transition]]


class Attempt(NamedTuple):
    """A command and what became of it; times are Unix milliseconds."""

    sent: Sent
    sent_at: int
    settled: Settled
    settled_at: int
    number: int
    """Of the transition that settled it."""


class SagaSpans:
    """Makes and sends the spans of what is committed; ``history`` reads a saga from the file."""

    def __init__(self, spans: Spans, broker: BrokerSettings, history: History) -> None:
        self._spans = spans
        self._broker = broker
        self._history = history

    def committed(self, decided: Iterable[Decided]) -> None:
        """These transitions are in the log and on the disk; never raises."""
        for sealed, state in decided:
            over = any(isinstance(fact, _OVER) for fact in sealed.transition.facts)
            if over and self._spans.samples(state.trace):
                try:
                    self._spans.send(self._of(sealed.transition, state))
                except SagaLogError as error:  # a saga goes on without its spans
                    _log.warning("no spans: the history cannot be read", error=str(error))

    def _of(self, transition: Transition, state: State) -> Iterator[Finished]:
        history = [t for t in self._history(state.saga) if t.number <= transition.number]
        for attempt in attempts(history):
            if attempt.number == transition.number:
                yield self._step(attempt, state)
        for fact in transition.facts:
            if isinstance(fact, (Completed, Failed)):
                yield _saga(fact, state, history)

    def _step(self, attempt: Attempt, state: State) -> Finished:
        sent = attempt.sent
        effect = idempotency_key(state.tenant, state.saga, sent.step, sent.direction, sent.round)
        message = f"{effect}/{sent.attempt}"
        outcome, error = _outcome(attempt.settled)
        return Finished(
            f"{_NAMES[sent.direction]} {sent.step}",
            "producer",
            traceparent(state.trace, message),
            saga_traceparent(state),
            attempt.sent_at * _MS,
            attempt.settled_at * _MS,
            {
                **_identity(state),
                a.MESSAGING_SYSTEM: a.KAFKA,
                a.MESSAGING_OPERATION_TYPE: a.SEND,
                a.MESSAGING_OPERATION_NAME: a.SEND,
                a.MESSAGING_DESTINATION_NAME: self._broker.topic(sent.topic),
                a.MESSAGING_MESSAGE_ID: message,
                a.SAGA_STEP: sent.step,
                a.SAGA_DIRECTION: sent.direction,
                a.SAGA_ROUND: sent.round,
                a.SAGA_ATTEMPT: sent.attempt,
                a.SAGA_MESSAGE_TYPE: sent.command,
                **outcome,
            },
            error,
        )


def attempts(history: Iterable[Transition]) -> Iterator[Attempt]:
    """Every command of a saga that was settled, in the order in which they were.

    An answer for which no command is out (a late one, after a timeout) settles none.
    """
    out: dict[tuple[str, str], tuple[Sent, int]] = {}
    for transition in history:
        for fact in transition.facts:
            if isinstance(fact, Sent):
                out[fact.step, fact.direction] = (fact, transition.at)
            elif isinstance(fact, (Succeeded, Refused, Faulted)):
                begun = out.pop((fact.step, fact.direction), None)
                if begun is not None:
                    yield Attempt(*begun, fact, transition.at, transition.number)


def _saga(fact: Completed | Failed, state: State, history: Sequence[Transition]) -> Finished:
    outcome: dict[str, Value] = {a.SAGA_OUTCOME: "completed"}
    error = ""
    if isinstance(fact, Failed):
        error = f"{fact.code}: {fact.reason}"
        outcome = {
            a.SAGA_OUTCOME: "failed",
            a.ERROR_TYPE: fact.code,
            a.SAGA_CODE: fact.code,
            a.SAGA_STATUS: fact.status,
            a.SAGA_UNDONE: fact.undone,
            a.SAGA_SKIPPED: fact.skipped,
        }
    return Finished(
        f"saga {state.definition}",
        "internal",
        saga_traceparent(state),
        caller_of(state),
        state.started_at * _MS,
        history[-1].at * _MS,
        {
            **_identity(state),
            a.SAGA_VERSION: state.version,
            a.SAGA_REQUEST_KEY: state.key,
            **outcome,
        },
        error,
        tuple(_events(history)),
    )


def _events(history: Iterable[Transition]) -> Iterator[Event]:
    for transition in history:
        for fact in transition.facts:
            event = _event(fact)
            if event is not None:
                yield Event(event[0], transition.at * _MS, event[1])


def _event(fact: Fact) -> tuple[str, Attributes] | None:
    """What the saga's own span tells of a fact: where it turned, and where people came in."""
    match fact:
        case Failing():
            return a.EVENT_TURNED, {a.SAGA_STEP: fact.step, a.SAGA_CODE: fact.code}
        case Late():
            return a.EVENT_LATE, {a.SAGA_STEP: fact.committed}
        case Compensating():
            return a.EVENT_COMPENSATING, {a.SAGA_OWED: fact.owed}
        case Stuck():
            place = {a.SAGA_STEP: fact.step, a.SAGA_DIRECTION: fact.direction}
            return a.EVENT_NEEDS_OPERATOR, {**place, a.SAGA_CAUSE: fact.cause}
        case Parked():
            return a.EVENT_NEEDS_OPERATOR, {a.SAGA_CAUSE: fact.error}
        case Repaired():
            return a.EVENT_REPAIRED, {
                a.SAGA_REPAIR: fact.action,
                a.SAGA_STEP: fact.step,
                a.SAGA_BY: fact.by,
            }
        case Signalled() | SignalRefused():
            refused = fact.why if isinstance(fact, SignalRefused) else ""
            return a.EVENT_SIGNALLED, {
                a.SAGA_SIGNAL: fact.signal,
                a.SAGA_BY: fact.by,
                a.SAGA_CAUSE: refused,
            }
        case _:
            return None


def _outcome(fact: Settled) -> tuple[dict[str, Value], str]:
    """How an attempt ended, as attributes and in words ("" when it succeeded)."""
    if isinstance(fact, Succeeded):
        return {a.SAGA_OUTCOME: "succeeded"}, ""
    if isinstance(fact, Refused):
        known = {a.SAGA_CODE: fact.code, a.SAGA_STATUS: fact.status, a.ERROR_TYPE: fact.code}
        return {a.SAGA_OUTCOME: "refused", **known}, f"{fact.code}: {fact.reason}"
    ended: dict[str, Value] = {a.SAGA_OUTCOME: fact.cause, a.ERROR_TYPE: fact.cause}
    if fact.retry_at:
        ended[a.SAGA_RETRY_AT] = fact.retry_at
    return ended, fact.error or fact.cause


def _identity(state: State) -> dict[str, Value]:
    return {
        a.SAGA_ID: state.saga,
        a.SAGA_TENANT: state.tenant,
        a.SAGA_DEFINITION: state.definition,
        a.MESSAGING_CONVERSATION_ID: str(state.saga),
    }
