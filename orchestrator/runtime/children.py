"""Between a saga and a child of it: the start, the signals that are handed on, the child's answers
and its end.

A child keeps a participant's promise: the request key of its start is the idempotency key of the
step, so it is begun once however often it is asked for, and its end is the reply (DESIGN law 4).
"""

from typing import Any, Final

import msgspec

from contracts.envelope import HEADERS, StartData, idempotency_key
from contracts.topics import REPLIES, REQUESTS, partition_of_saga, partition_of_start
from infra.broker.types import Record
from orchestrator.engine.facts import (
    Completed,
    Failed,
    Halted,
    Sent,
    SignalHeld,
)
from orchestrator.engine.inputs import Parent
from orchestrator.engine.signals import CANCEL
from orchestrator.engine.state import State
from orchestrator.runtime.boundaries import CHILDREN
from orchestrator.runtime.messages import SOURCE, Outgoing, short
from orchestrator.runtime.tracing import saga_traceparent, traceparent

_encode = msgspec.json.Encoder().encode
BY: Final = "orchestrator"
MAX_APPLIED: Final = 100
"""So many signals, the last ones, are named in an end: it must be small enough to be read."""


def parent_of(body: StartData) -> tuple[Parent | None, int]:
    """Who waits for the saga that is to be started, and until when it has time (0: without end)."""
    parent = body.get("parent")
    if parent is None:
        return None, 0
    return Parent(parent["saga"], parent["step"], parent["round"]), parent.get("until", 0)


def start(state: State, fact: Sent, partitions: int) -> Outgoing:
    """Ask for the child of a step."""
    key = _key(state, fact.step, fact.round)
    parent: dict[str, Any] = {"saga": str(state.saga), "step": fact.step, "round": fact.round}
    if fact.until:
        parent["until"] = str(fact.until)
    identity = f"{key}/{fact.attempt}"
    message = _request(state, "saga.start", identity, key)
    message["traceparent"] = traceparent(state.trace, identity)
    message["data"] = {"definition": fact.command, "input": fact.data, "parent": parent}
    return _to_child(state, fact.command, key, message, partitions)


def hand_on(state: State, fact: SignalHeld, child: str, partitions: int) -> Outgoing:
    """Hand a signal on to the child that decides it; it keeps its id."""
    key = _key(state, fact.step, fact.round)
    message = _request(state, "saga.signal", fact.id, key)
    message["data"] = {
        "signal": fact.signal,
        "reason": fact.reason,
        "by": fact.by,
        "definition": child,
        "data": fact.data,
    }
    return _to_child(state, child, key, message, partitions)


def halt(state: State, fact: Halted, child: str, partitions: int) -> Outgoing:
    """Tell a child to stop, as its parent has turned."""
    key = _key(state, fact.step, fact.round)
    message = _request(state, "saga.signal", f"{key}/halt", key)
    message["data"] = {
        "signal": CANCEL,
        "reason": fact.reason[:1_000],
        "by": BY,
        "definition": child,
    }
    return _to_child(state, child, key, message, partitions)


def answered(state: State, parent: Parent, signal: str, why: str) -> Outgoing:
    """Tell the parent what became of a signal: ``why`` it was refused, empty where it applied."""
    data = {"signal": signal, "why": why}
    message = _to_parent(state, parent, f"{state.saga}/answer/{short(signal)}", "answered")
    return _about(parent, {**message, "data": data})


def ended(state: State, parent: Parent, fact: Completed | Failed) -> Outgoing:
    """Tell the parent of the end: a success, or a refusal, as nothing is left of what was done.

    It names the signals that were applied: replies are not flushed, so that a power cut may take
    the answer to one and leave the end that follows it.
    """
    outcome, data = "succeeded", fact.result if isinstance(fact, Completed) else {}
    if isinstance(fact, Failed):
        outcome = "refused"
        data = {"code": fact.code, "reason": fact.reason[:2_000], "status": fact.status}
    message = _to_parent(state, parent, f"{state.saga}/end", outcome)
    if applied := [signal for signal, why in state.signals.items() if not why]:
        message["applied"] = applied[-MAX_APPLIED:]
    return _about(parent, {**message, "data": data})


def never_begun(
    tenant: int, parent: Parent, definition: str, code: str, reason: str, status: int
) -> Outgoing:
    """Tell the parent that there is no such child, and why."""
    identity = f"{tenant}/{parent.saga}/{parent.step}/{parent.round}/refused"
    message = _reply(tenant, parent, identity, definition, "refused")
    message["data"] = {"code": code, "reason": reason[:2_000], "status": status}
    return _about(parent, message)


def _key(state: State, step: str, number: int) -> str:
    return idempotency_key(state.tenant, state.saga, step, "do", number)


def _request(state: State, kind: str, identity: str, key: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": identity,
        "source": SOURCE,
        "type": kind,
        "tenant": str(state.tenant),
        "requestkey": key,
    }


def _to_child(
    state: State, definition: str, key: str, message: dict[str, Any], partitions: int
) -> Outgoing:
    partition = partition_of_start(state.tenant, definition, key, partitions)
    return Outgoing(REQUESTS, Record(key.encode(), _encode(message), HEADERS), CHILDREN, partition)


def _to_parent(state: State, parent: Parent, identity: str, outcome: str) -> dict[str, Any]:
    message = _reply(state.tenant, parent, identity, state.definition, outcome)
    message["traceparent"] = saga_traceparent(state)
    return message


def _reply(
    tenant: int, parent: Parent, identity: str, definition: str, outcome: str
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": identity,
        "source": SOURCE,
        "type": definition,
        "tenant": str(tenant),
        "saga": str(parent.saga),
        "step": parent.step,
        "direction": "do",
        "round": parent.round,
        "attempt": 1,
        "outcome": outcome,
    }


def _about(parent: Parent, message: dict[str, Any]) -> Outgoing:
    record = Record(str(parent.saga).encode(), _encode(message), HEADERS)
    return Outgoing(REPLIES, record, CHILDREN, partition_of_saga(parent.saga))
