"""What a transition sends, rendered: commands, business events and events about the saga itself.

Rendering is a function of the transition and of what never changes about its saga, so sending again
gives the same bytes (DESIGN laws 3 and 4). Wide integers are decimal strings
(``contracts.envelope``).
"""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from contracts.envelope import HEADERS, idempotency_key
from contracts.topics import DEAD_LETTERS, EVENTS, REPLIES, partition_of_saga
from infra.boundaries import Boundary
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, Record
from orchestrator.engine.facts import (
    Completed,
    Emitted,
    Fact,
    Failed,
    Parked,
    Sent,
    Stuck,
    Transition,
)
from orchestrator.engine.state import State
from orchestrator.runtime.boundaries import COMMANDS, FORWARDED
from orchestrator.runtime.boundaries import DEAD_LETTERS as LETTERS
from orchestrator.runtime.boundaries import EVENTS as TOLD
from orchestrator.runtime.tracing import saga_traceparent, traceparent

SOURCE: Final = "orchestrator"
_encode = msgspec.json.Encoder().encode
_OUTCOMES: Final = (Completed, Failed, Stuck, Parked)


class Outgoing(NamedTuple):
    """One message: the topic without its prefix, the record, and where it goes.

    ``partition`` -1 leaves that to the documented hash of the record's key (DESIGN law 10).
    ``boundary`` names the sending of it."""

    topic: str
    record: Record
    boundary: Boundary
    partition: int = -1


class Refused(NamedTuple):
    """A start that did not become a saga: ``status`` is HTTP-like (404 or 422)."""

    tenant: int
    definition: str
    key: str
    request: str
    status: int
    code: str
    reason: str


def rendered(
    settings: BrokerSettings,
    state: State,
    transition: Transition,
    attempts: bool = True,
    oldest: int = 0,
) -> list[Outgoing]:
    """Everything the transition sends, in the order of its facts.

    ``oldest``: the oldest open saga of its partition; those before it have ended.

    ``attempts`` False leaves out the commands that ``state`` no longer waits for: when sending
    again, only the outstanding attempt of a step still matters.
    """
    messages: list[Outgoing] = []
    for fact in transition.facts:
        kind = type(fact)
        if kind is Sent:
            if attempts or _outstanding(state, fact):  # type: ignore[arg-type]
                messages.append(_command(settings, state, fact, oldest))  # type: ignore[arg-type]
        elif kind is Emitted:
            messages.append(_emitted(state, transition, fact))  # type: ignore[arg-type]
        elif kind in _OUTCOMES:
            messages.append(outcome(state, transition, fact))
    return messages


def sends(transition: Transition) -> bool:
    """Whether the transition has any effect at all."""
    return any(isinstance(fact, (Sent, Emitted, *_OUTCOMES)) for fact in transition.facts)


def _outstanding(state: State, fact: Sent) -> bool:
    step = state.steps.get(fact.step)
    return (
        step is not None
        and step.phase == "sent"
        and (step.direction, step.round, step.attempt) == (fact.direction, fact.round, fact.attempt)
    )


def _command(settings: BrokerSettings, state: State, fact: Sent, oldest: int) -> Outgoing:
    effect = idempotency_key(state.tenant, state.saga, fact.step, fact.direction, fact.round)
    attempt = f"{effect}/{fact.attempt}"
    saga = str(state.saga)
    message = {
        "specversion": "1.0",
        "id": attempt,
        "source": SOURCE,
        "type": fact.command,
        "tenant": str(state.tenant),
        "saga": saga,
        "step": fact.step,
        "direction": fact.direction,
        "round": fact.round,
        "attempt": fact.attempt,
        "deadline": str(fact.deadline),
        "idempotencykey": effect,
        "replytopic": settings.topic(REPLIES),
        "replypartition": partition_of_saga(state.saga),
        "oldest": str(oldest),
        "traceparent": traceparent(state.trace, attempt),
        "data": fact.data,
    }
    key = saga.encode()
    return Outgoing(fact.topic, Record(key, _encode(message), HEADERS), COMMANDS)


def _emitted(state: State, transition: Transition, fact: Emitted) -> Outgoing:
    message = _event(state, fact.id, fact.event, transition.at, fact.data)
    key = fact.key.encode()
    return Outgoing(fact.topic, Record(key, _encode(message), HEADERS), TOLD)


def outcome(state: State, transition: Transition, fact: Fact) -> Outgoing:
    """The event on ``saga.events`` that tells how the saga stands: its id is the same every
    time.
    """
    data: dict[str, Any] = {"definition": state.definition, "version": state.version}
    place = str(transition.number)
    match fact:
        case Completed():
            kind, place = "SagaCompleted", "end"
        case Failed():
            kind, place = "SagaFailed", "end"
            data |= {"code": fact.code, "reason": fact.reason, "status": fact.status}
            data |= {"undone": fact.undone, "skipped": fact.skipped}
        case Stuck():
            kind = "SagaNeedsOperator"
            data |= {"step": fact.step, "direction": fact.direction, "cause": fact.cause}
        case Parked():
            kind = "SagaNeedsOperator"
            data |= {"step": "", "direction": "", "cause": fact.error}
        case _:
            raise TypeError(f"{type(fact).__name__} is no outcome")
    identity = f"{state.tenant}/{state.saga}/{place}"
    message = _event(state, identity, kind, transition.at, data)
    key = state.key.encode()
    return Outgoing(EVENTS, Record(key, _encode(message), HEADERS), TOLD)


def _event(state: State, identity: str, kind: str, at: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": identity,
        "source": SOURCE,
        "type": kind,
        "time": rfc3339(at),
        "tenant": str(state.tenant),
        "saga": str(state.saga),
        "requestkey": state.key,
        "traceparent": saga_traceparent(state),
        "data": data,
    }


def refusal(told: Refused, at: int) -> Outgoing:
    """``SagaRefused``: a start that did not become a saga, and why; its id follows the
    request's.
    """
    key = told.key.encode()
    message = {
        "specversion": "1.0",
        "id": f"refused/{_short(told.tenant, told.definition, told.request)}",
        "source": SOURCE,
        "type": "SagaRefused",
        "time": rfc3339(at),
        "tenant": str(told.tenant),
        "requestkey": told.key,
        "data": {
            "definition": told.definition,
            "code": told.code,
            "reason": told.reason[:2000],
            "status": told.status,
            "request": told.request,
        },
    }
    return Outgoing(EVENTS, Record(key, _encode(message), HEADERS), TOLD)


def dead_letter(record: ConsumedRecord, error: str, at: int) -> Outgoing:
    """What could not be handled, raw, with where it came from and why (DESIGN law 8)."""
    headers = [
        *record.headers,
        ("dlq-topic", record.topic.encode()),
        ("dlq-partition", str(record.partition).encode()),
        ("dlq-offset", str(record.offset).encode()),
        ("dlq-error", error[:2000].encode()),
        ("dlq-at", str(at).encode()),
    ]
    return Outgoing(DEAD_LETTERS, Record(record.key, record.value, headers), LETTERS)


def forward(record: ConsumedRecord, topic: str, partition: int) -> Outgoing:
    """A message that belongs to another partition of its topic (DESIGN law 10)."""
    return Outgoing(topic, Record(record.key, record.value, record.headers), FORWARDED, partition)


def _short(*parts: object) -> str:
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def rfc3339(at: int) -> str:
    """Unix milliseconds as RFC 3339, UTC."""
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds")
