"""The log of a saga against the engine: every transition is decided again, and must come out the
same (DESIGN laws 1 and 14). Pure.

What the input was is read off the facts: they say all that the engine was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.engine.decide import Undecidable, decide
from orchestrator.engine.evolve import NotAState, evolve
from orchestrator.engine.facts import (
    Fact,
    Faulted,
    Ignored,
    Refused,
    Sent,
    Started,
    Succeeded,
    Transition,
)
from orchestrator.engine.inputs import Input, Reply, Start, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State


@dataclass(frozen=True)
class Retraced:
    """The state that the log folds to, and what the engine would not have decided so."""

    state: State | None
    differences: tuple[str, ...]


def retrace(plan: Plan, history: Sequence[Transition]) -> Retraced:
    """Fold the log, and decide each of its inputs again."""
    state: State | None = None
    for transition in history:
        where = f"transition {transition.number}"
        try:
            after = evolve(state, transition)
            given = _input(state, transition)
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


def _input(state: State | None, transition: Transition) -> Input | None:
    """The input that led to these facts; None where they do not say it (it was ignored)."""
    first = transition.facts[0]
    if isinstance(first, Started):
        return Start(
            transition.input,
            transition.at,
            transition.saga,
            first.version,
            first.tenant,
            first.key,
            first.input,
            first.trace,
        )
    if isinstance(first, Ignored):
        return None
    if isinstance(first, Sent) or (isinstance(first, Faulted) and first.cause == "timeout"):
        return Wake(transition.input, transition.at)
    if state is None:
        raise ValueError(f"it begins with {type(first).__name__}")
    return _reply(state, transition, first)


def _reply(state: State, transition: Transition, fact: Fact) -> Reply:
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
    )
