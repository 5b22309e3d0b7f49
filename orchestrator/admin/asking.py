"""Telling a saga something, or asking for its repair: what the JSON routes and the pages share.

Both publish as anybody may (law 10); the saga's owner decides, and its decision is looked up in the
history by the id of the request. The same id is the same request (law 4).
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, TypeVar

from infra.http.errors import Problem
from orchestrator.admin.parents import through
from orchestrator.admin.ports import Action, Backend
from orchestrator.admin.starts import invalid
from orchestrator.definition.errors import InvalidInput, UnknownDefinition, UnknownSignal
from orchestrator.engine.facts import (
    Fact,
    Ignored,
    Repaired,
    SignalHeld,
    Signalled,
    SignalRefused,
    Transition,
)
from orchestrator.engine.state import State

DECIDED_S: Final = 10.0
"""How long to wait for a decision before saying that it is not there yet."""

Outcome = Literal["applied", "refused", "held", "pending"]
Taken = Signalled | SignalRefused | SignalHeld
Found = TypeVar("Found")


class Telling(NamedTuple):
    """A signal to a saga; ``request`` is its identity, ``data`` the fields of its contract."""

    saga: int
    tenant: int
    signal: str
    reason: str
    by: str
    request: str
    data: Mapping[str, Any] = MappingProxyType({})


class Mending(NamedTuple):
    """A repair of a saga; ``step`` empty: the only one that stands still, or all of them."""

    saga: int
    tenant: int
    action: Action
    step: str
    reason: str
    by: str
    request: str


class Fate(NamedTuple):
    """What became of a signal: the fact that says so and when, None while it is not known."""

    fact: Taken | None
    at: int

    @property
    def outcome(self) -> Outcome:
        """In a word."""
        match self.fact:
            case None:
                return "pending"
            case SignalHeld():
                return "held"
            case SignalRefused():
                return "refused"
            case _:
                return "applied"

    @property
    def why(self) -> str:
        """Why it was refused; else empty."""
        return self.fact.why if isinstance(self.fact, SignalRefused) else ""


NOT_KNOWN: Final = Fate(None, 0)


def carried(
    backend: Backend, definition: str, signal: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    """What a signal carries, as its contract writes it.

    Raises Problem 422 naming every wrong place. A signal that this process knows nothing of is left
    to the saga's owner: so its refusal is in the history.
    """
    try:
        return backend.catalogue.validate_signal(definition, signal, dict(data))
    except (UnknownDefinition, UnknownSignal):
        return dict(data)
    except InvalidInput as error:
        raise invalid(error, "data") from error


async def tell(backend: Backend, asked: Telling) -> Fate:
    """Publish a signal, unless it is known already, and wait for what becomes of it.

    Raises Problem: 503 not taken by Kafka in time, 422 the same id was another signal, 409 its
    parent is to be told.
    """
    known = fate_of(backend.reader.history(asked.saga, asked.tenant), asked.request)
    if known is None:
        _not_through_parent(backend, asked)
        published = backend.door.signal(
            asked.saga,
            asked.signal,
            asked.reason,
            asked.by,
            asked.tenant,
            request=asked.request,
            data=dict(asked.data),
        )
        try:
            async with asyncio.timeout(DECIDED_S):
                await published
        except TimeoutError as error:
            # what is to be sent stays with the sender, which goes on trying
            detail = (
                "Kafka has not taken the signal yet; it may still be taken:"
                f" ask again with the Idempotency-Key {asked.request}"
            )
            headers = {"Retry-After": "1"}
            raise Problem(503, detail, code="broker_unavailable", headers=headers) from error
        known = await _until(backend, asked, lambda history: fate_of(history, asked.request))
    if known is None:
        return NOT_KNOWN
    if known.fact is not None and not _same_signal(known.fact, asked):
        detail = f"the Idempotency-Key {asked.request} was used for another signal"
        raise Problem(422, f"{detail} to saga {asked.saga}", code="key_reused")
    return known


def _not_through_parent(backend: Backend, asked: Telling) -> None:
    """Raises Problem 409 for what the saga is told through its parent."""
    state = backend.reader.state(asked.saga)
    above = through(backend, state) if state else None
    if above is not None and asked.signal in above.signals:
        parent = above.parent
        detail = (
            f"saga {asked.saga} does step {parent.step} of saga {parent.saga}:"
            f" tell that one {asked.signal}, and it is handed on while it is in time"
        )
        raise Problem(409, detail, code="tell_the_parent", members={"parent": parent.saga})


def fate_of(history: Iterable[Transition], request: str) -> Fate | None:
    """What the history says of the signal with this id: the last word counts."""
    found: Fate | None = None
    for transition in history:
        for fact in transition.facts:
            if isinstance(fact, (Signalled, SignalRefused, SignalHeld)) and fact.id == request:
                found = Fate(fact, transition.at)
    return found


def _same_signal(fact: Taken, asked: Telling) -> bool:
    if not isinstance(fact, SignalRefused) and fact.data != asked.data:
        return False
    return (fact.signal, fact.reason) == (asked.signal, asked.reason)


async def mend(backend: Backend, state: State, asked: Mending) -> None:
    """Ask for a repair, unless it was carried out already.

    Raises Problem: 409 an operator can do nothing here, 422 the same id was another repair.
    """
    if asked.request in state.repairs:
        _same_repair(asked, backend.reader.history(asked.saga, asked.tenant))
        return
    repairable(state, asked.step)
    await backend.door.repair(
        asked.saga,
        asked.action,
        asked.reason,
        asked.by,
        asked.step,
        asked.tenant,
        request=asked.request,
    )


async def mended(backend: Backend, asked: Mending) -> Repaired | Ignored | None:
    """What became of a repair that was asked for; None when that is not known in time."""
    return await _until(backend, asked, lambda history: repair_of(history, asked.request))


def repair_of(history: Iterable[Transition], request: str) -> Repaired | Ignored | None:
    """What the history says of the repair with this id."""
    for transition in history:
        if transition.input == request:
            for fact in transition.facts:
                if isinstance(fact, (Repaired, Ignored)):
                    return fact
    return None


def repairable(state: State, step: str) -> None:
    """Whether an operator can do anything here; raises Problem 409."""
    if not state.open:
        raise Problem(409, f"saga {state.saga} has ended: {state.status}", code="saga_ended")
    if state.status != "needs_operator":
        running = [one.child for one in state.steps.values() if one.child and one.waits]
        below = f"; of its child that may be so: saga {', '.join(running)}" if running else ""
        detail = f"saga {state.saga} waits for no operator{below}"
        raise Problem(409, detail, code="nothing_stands_still")
    if step and step not in state.stuck:
        detail = f"step {step} waits for no operator; these do: {', '.join(state.stuck)}"
        raise Problem(409, detail, code="step_not_stuck")


def _same_repair(asked: Mending, history: Iterable[Transition]) -> None:
    """Whether the repair under this id is the one that is asked for; raises Problem 422."""
    facts: Iterable[Fact] = (fact for transition in history for fact in transition.facts)
    done = next(f for f in facts if isinstance(f, Repaired) and f.request == asked.request)
    steps = ("", done.step) if done.step else (asked.step,)  # resume goes for every step
    if (done.action, done.reason) != (asked.action, asked.reason) or asked.step not in steps:
        detail = f"the Idempotency-Key {asked.request} was used for another repair"
        raise Problem(422, f"{detail} of saga {asked.saga}", code="key_reused")


async def _until(
    backend: Backend,
    asked: Telling | Mending,
    look: Callable[[Sequence[Transition]], Found | None],
) -> Found | None:
    """Look at the history now and whenever the saga has moved; None when time is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DECIDED_S
    while True:
        history = backend.reader.history(asked.saga, asked.tenant)
        found = look(history)
        left = deadline - loop.time()
        if found is not None or left <= 0:
            return found
        number = history[-1].number if history else 0
        row = await backend.wait_moved(asked.saga, number, left)
        if row is None or row.number <= number:
            return None
