"""The log of a saga against the engine: every transition is decided again, and must come out the
same (DESIGN laws 1 and 14). Pure.

What the input was is read off the facts: they say all that the engine was told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.engine.decide import Undecidable, decide
from orchestrator.engine.evolve import NotAState, evolve
from orchestrator.engine.facts import (
    Fact,
    Failing,
    Faulted,
    Ignored,
    Late,
    Refused,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Started,
    Succeeded,
    Transition,
)
from orchestrator.engine.inputs import Input, Reply, Signal, Start, Wake
from orchestrator.engine.plan import Plan, PlannedWait
from orchestrator.engine.state import State

Carried = Mapping[str, Mapping[str, Any]]
"""What signals carried, by their id: a refusal does not say it."""
Told = Signalled | SignalRefused | SignalHeld


@dataclass(frozen=True)
class Retraced:
    """The state that the log folds to, and what the engine would not have decided so."""

    state: State | None
    differences: tuple[str, ...]


def retrace(plan: Plan, history: Sequence[Transition], carried: Carried | None = None) -> Retraced:
    """Fold the log, and decide each of its inputs again."""
    state: State | None = None
    for transition in history:
        where = f"transition {transition.number}"
        try:
            after = evolve(state, transition)
            given = _input(plan, state, transition, carried or {})
            if given is not None:
                again_state, again = decide(plan, state, given)
                if again != transition:
                    return Retraced(after, (f"{where}: logged {transition}, decided {again}",))
                if again_state != after:
                    return Retraced(after, (f"{where}: folds to {after}, not {again_state}",))
        except (NotAState, Undecidable, KeyError, ValueError) as error:
            return Retraced(state, (f"{where}: {type(error).__name__} {error}",))
        state = after
    return Retraced(state, ())


def _input(
    plan: Plan, state: State | None, transition: Transition, carried: Carried
) -> Input | None:
    """The input that led to these facts; None where they do not say it (it was ignored)."""
    first = transition.facts[0]
    if isinstance(first, Started):
        return _start(transition, first)
    if isinstance(first, Ignored):
        return None
    if _by_time(plan, first):
        return Wake(transition.input, transition.at)
    if state is None:
        raise ValueError(f"it begins with {type(first).__name__}")
    if not isinstance(first, Told):
        return _reply(state, transition, first)
    if first.id == transition.input:
        data = carried.get(first.id, {}) or getattr(first, "data", {})
        return Signal(first.id, transition.at, first.signal, first.reason, first.by, dict(data))
    return _from_child(state, transition, first)


def _start(transition: Transition, fact: Started) -> Start:
    return Start(
        transition.input,
        transition.at,
        transition.saga,
        fact.version,
        fact.tenant,
        fact.key,
        fact.input,
        fact.trace,
        fact.parent,
        fact.deadline,
    )


def _by_time(plan: Plan, fact: Fact) -> bool:
    """Whether it was the clock: an attempt is due, a deadline has passed, or a wait is over."""
    if isinstance(fact, Succeeded | Refused):
        return isinstance(plan.steps[fact.step], PlannedWait)
    timeout = isinstance(fact, Faulted) and fact.cause == "timeout"
    return timeout or isinstance(fact, Sent | Failing | Late)


def _from_child(state: State, transition: Transition, first: Told) -> Reply:
    """A child has decided a signal, or has ended and says what it had applied."""
    step = next(one.step for one in state.held if one.id == first.id)
    applied: list[str] = []
    for fact in transition.facts:
        if isinstance(fact, Signalled):
            applied.append(fact.id)
        elif isinstance(fact, Succeeded | Refused) and fact.step == step:
            return _reply(state, transition, fact, tuple(applied))
    why = first.why if isinstance(first, SignalRefused) else ""
    data = {"signal": first.id, "why": why}
    at, number = transition.at, state.steps[step].round
    return Reply(transition.input, at, step, "do", number, 1, "answered", data)


def _reply(
    state: State, transition: Transition, fact: Fact, applied: tuple[str, ...] = ()
) -> Reply:
    if isinstance(fact, Succeeded):
        outcome, data = "succeeded", fact.data
    elif isinstance(fact, Refused):
        outcome, data = "refused", {"code": fact.code, "reason": fact.reason}
    elif isinstance(fact, Faulted):
        outcome, data = "failed", {"reason": fact.error}
    else:
        raise ValueError(f"nobody asked for {type(fact).__name__}")
    step = state.steps[fact.step]
    return Reply(
        transition.input,
        transition.at,
        fact.step,
        fact.direction,
        step.round,
        step.attempt,
        outcome,
        data,
        applied,
    )
