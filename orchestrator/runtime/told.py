"""What is told of every saga on ``saga.events``, whatever its business is.

An event's id follows from the transition that it tells of, so it is the same however often it is
told (DESIGN law 4).
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from contracts.envelope import HEADERS
from contracts.topics import EVENTS, REQUESTS
from infra.broker.types import Record
from infra.clock import rfc3339
from orchestrator.definition.nodes import Direction
from orchestrator.engine.facts import (
    Completed,
    Fact,
    Failed,
    Failing,
    Faulted,
    Late,
    Moved,
    Parked,
    Refused,
    Repaired,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Stuck,
    Succeeded,
    Transition,
    Waited,
)
from orchestrator.engine.state import State
from orchestrator.runtime import messages
from orchestrator.runtime.boundaries import EVENTS as TOLD
from orchestrator.runtime.messages import SOURCE, Outgoing, short
from orchestrator.runtime.tracing import saga_traceparent

_encode = msgspec.json.Encoder().encode
Json = dict[str, Any]
Taken = Signalled | SignalRefused | SignalHeld


def outcome(state: State, transition: Transition, fact: Fact) -> Outgoing:
    """How the saga stands, once it has ended or stands still. Raises TypeError for other facts."""
    data: Json = {"version": state.version}
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
    return _told(state, transition, place, kind, data)


def late(state: State, transition: Transition, fact: Late) -> Outgoing:
    """The deadline has passed where there is no way back any more."""
    return _told(state, transition, "late", "SagaLate", {"committed": fact.committed})


def signalled(state: State, transition: Transition, fact: Taken) -> Outgoing:
    """What became of a signal; held, it is told once more when it is decided."""
    outcomes = {Signalled: "applied", SignalRefused: "refused", SignalHeld: "held"}
    data = {
        "signal": fact.signal,
        "id": fact.id,
        "outcome": outcomes[type(fact)],
        "why": fact.why if isinstance(fact, SignalRefused) else "",
        "by": fact.by,
        "reason": fact.reason,
        "data": {} if isinstance(fact, SignalRefused) else fact.data,
    }
    place = f"signal/{short(fact.id)}/{outcomes[type(fact)]}"
    return _told(state, transition, place, "SagaSignalled", data)


class _Move(NamedTuple):
    step: str
    direction: Direction
    phase: str


_PHASES: Final[dict[type, Callable[[Any], _Move | None]]] = {
    Sent: lambda fact: _Move(fact.step, fact.direction, "sent"),
    Waited: lambda fact: _Move(fact.step, "do", "waiting"),
    Succeeded: lambda fact: _Move(
        fact.step, fact.direction, "undone" if fact.direction == "undo" else "done"
    ),
    Refused: lambda fact: _Move(fact.step, fact.direction, "refused"),
    Faulted: lambda fact: (None if fact.retry_at else _Move(fact.step, fact.direction, "unknown")),
    Stuck: lambda fact: _Move(fact.step, fact.direction, "stuck"),
    Repaired: lambda fact: (
        _Move(fact.step, fact.direction, "skipped") if fact.action == "skip" else None
    ),
}


class Way:
    """What is told of a saga whose definition wants its way told, not only its end: the moves of
    its steps, that it turns, and what a person decided about it. Moves of one transition are one
    event, unless something else that is told stands between them.
    """

    def __init__(self, state: State, transition: Transition) -> None:
        self._state = state
        self._transition = transition
        self._moves: list[Json] = []
        self._place = 0
        self._told: list[Outgoing] = []

    def see(self, place: int, fact: Fact) -> None:
        """A fact, and its place in the transition: what it tells, if anything."""
        if isinstance(fact, (Failing, Repaired, Moved)):
            self._told = [*self.told(), self._said(fact)]
        move_of = _PHASES.get(type(fact))
        move = move_of(fact) if move_of else None
        if move is None or _looks_after(fact, self._transition):
            return
        attempt = {"round": getattr(fact, "round", 0), "attempt": getattr(fact, "attempt", 0)}
        self._moves.append(move._asdict() | attempt)
        self._place = place

    def told(self) -> list[Outgoing]:
        """The events about what was seen since this was asked last."""
        events, self._told = self._told, []
        if self._moves:
            identity = f"{self._transition.number}/{self._place}"
            events.append(self._event(identity, "SagaProgressed", {"moves": self._moves}))
            self._moves = []
        return events

    def _said(self, fact: Failing | Repaired | Moved) -> Outgoing:
        number = self._transition.number
        if isinstance(fact, Failing):
            why = {"code": fact.code, "reason": fact.reason, "status": fact.status}
            return self._event("turned", "SagaTurned", why)
        who = {"by": fact.by, "reason": fact.reason}
        if isinstance(fact, Moved):
            return self._event(f"{number}/moved", "SagaMoved", {"version": fact.version, **who})
        what = {"action": fact.action, "step": fact.step, "direction": fact.direction}
        return self._event(f"{number}/repaired", "SagaRepaired", {**what, **who})

    def _event(self, place: str, kind: str, data: Json) -> Outgoing:
        parent = self._state.parent.saga if self._state.parent else 0
        return _told(self._state, self._transition, place, kind, {**data, "parent": parent})


def _looks_after(fact: Fact, transition: Transition) -> bool:
    """Whether a child that goes on is only asked whether it does: no step moves by that."""
    again = isinstance(fact, Sent) and fact.topic == REQUESTS and fact.attempt > 1
    return again and not any(isinstance(other, Repaired) for other in transition.facts)


def refusal(told: messages.Refused, at: int) -> Outgoing:
    """``SagaRefused``: a start that did not become a saga, and why; its id follows the
    request's.
    """
    message = {
        "specversion": "1.0",
        "id": f"refused/{short(told.tenant, told.definition, told.request)}",
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
    return Outgoing(EVENTS, Record(told.key.encode(), _encode(message), HEADERS), TOLD)


def about(state: State, identity: str, kind: str, at: int, data: Json) -> Json:
    """The envelope of an event that is told of a saga."""
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


def _told(state: State, transition: Transition, place: str, kind: str, data: Json) -> Outgoing:
    identity = f"{state.tenant}/{state.saga}/{place}"
    data = {"definition": state.definition, **data}
    message = about(state, identity, kind, transition.at, data)
    return Outgoing(EVENTS, Record(state.key.encode(), _encode(message), HEADERS), TOLD)
