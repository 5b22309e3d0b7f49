"""What a transition sends, rendered: commands, starts of children, and events.

Rendering is a function of the transition and of what never changes about its saga, so sending again
gives the same bytes (DESIGN laws 3 and 4). Wide integers are decimal strings
(``contracts.envelope``).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from contracts.envelope import HEADERS, idempotency_key
from contracts.topics import DEAD_LETTERS, REPLIES, REQUESTS, partition_of_saga
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, Record
from orchestrator.engine.facts import (
    Completed,
    Emitted,
    Fact,
    Failed,
    Halted,
    Late,
    Parked,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Stuck,
    Transition,
)
from orchestrator.engine.state import State
from orchestrator.runtime import children, told
from orchestrator.runtime.boundaries import COMMANDS, FORWARDED
from orchestrator.runtime.boundaries import DEAD_LETTERS as LETTERS
from orchestrator.runtime.boundaries import EVENTS as TOLD
from orchestrator.runtime.messages import SOURCE, Outgoing
from orchestrator.runtime.tracing import traceparent

_encode = msgspec.json.Encoder().encode
_OUTCOMES: Final = (Completed, Failed, Stuck, Parked)
_SIGNALS: Final = (Signalled, SignalRefused, SignalHeld)
_SENDS: Final = frozenset((Sent, Emitted, Halted, Late, *_OUTCOMES, *_SIGNALS))


class Post(NamedTuple):
    """What rendering must know of the cluster: how many partitions ``saga.requests`` has."""

    broker: BrokerSettings
    partitions: int


def rendered(
    post: Post, state: State, transition: Transition, attempts: bool = True, oldest: int = 0
) -> list[Outgoing]:
    """Everything the transition sends, in the order of its facts.

    ``oldest``: the oldest open saga of its partition; those before it have ended.

    ``attempts`` False leaves out the commands that ``state`` no longer waits for: when sending
    again, only the outstanding attempt of a step still matters.
    """
    messages: list[Outgoing] = []
    way = told.Way(state, transition) if state.progress else None
    for place, fact in enumerate(transition.facts):
        kind = type(fact)
        if kind is Sent:
            if attempts or _outstanding(state, fact):  # type: ignore[arg-type]
                messages.append(_asked(post, state, fact, oldest))  # type: ignore[arg-type]
        elif kind is Emitted:
            messages.append(_emitted(state, transition, fact))  # type: ignore[arg-type]
        elif kind in _SENDS:
            if way is not None:
                messages += way.told()
            messages += _told(post, state, transition, fact)
        if way is not None:
            way.see(place, fact)
    if way is not None:
        messages += way.told()
    return messages


def _outstanding(state: State, fact: Sent) -> bool:
    step = state.steps.get(fact.step)
    return (
        step is not None
        and step.phase == "sent"
        and (step.direction, step.round, step.attempt) == (fact.direction, fact.round, fact.attempt)
    )


def _told(post: Post, state: State, transition: Transition, fact: Fact) -> Iterator[Outgoing]:
    """What else a fact sends: to everybody, to the saga's parent, to a child that runs."""
    parent = state.parent
    match fact:
        case Completed() | Failed():
            yield told.outcome(state, transition, fact)
            if parent is not None:
                yield children.ended(state, parent, fact)
        case Signalled() | SignalRefused():
            yield told.signalled(state, transition, fact)
            if parent is not None:
                why = fact.why if isinstance(fact, SignalRefused) else ""
                yield children.answered(state, parent, fact.id, why)
        case SignalHeld():
            yield told.signalled(state, transition, fact)
            if child := _running(state, fact.step, fact.round):
                yield children.hand_on(state, fact, child, post.partitions)
        case Halted():
            if child := _running(state, fact.step, fact.round):
                yield children.halt(state, fact, child, post.partitions)
        case Late():
            yield told.late(state, transition, fact)
        case _:
            yield told.outcome(state, transition, fact)


def _running(state: State, step: str, number: int) -> str:
    """The child that runs at this step, in this round; empty where none does any more."""
    at = state.steps[step]
    return at.child if at.waits and at.round == number else ""


def _asked(post: Post, state: State, fact: Sent, oldest: int) -> Outgoing:
    if fact.topic == REQUESTS:
        return children.start(state, fact, post.partitions)
    return _command(post.broker, state, fact, oldest)


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
    if fact.child:
        message["child"] = fact.child
    key = saga.encode()
    return Outgoing(fact.topic, Record(key, _encode(message), HEADERS), COMMANDS)


def _emitted(state: State, transition: Transition, fact: Emitted) -> Outgoing:
    message = told.about(state, fact.id, fact.event, transition.at, fact.data)
    key = fact.key.encode()
    return Outgoing(fact.topic, Record(key, _encode(message), HEADERS), TOLD)


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
