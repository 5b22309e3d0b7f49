"""What happened in one saga, read off its log: the left side of every comparison."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from orchestrator.engine.facts import (
    Completed,
    Fact,
    Failed,
    Faulted,
    Parked,
    Refused,
    Sent,
    Stuck,
    Succeeded,
    Transition,
)

Outcome = Literal["", "sent", "success", "refused", "unknown"]


class StepFacts(msgspec.Struct):
    """What was asked of one step and what came of it; ``undo`` is the command that undid it."""

    outcome: Outcome = ""
    why: str = ""
    undo: str = ""
    undone: bool = False


class SagaFacts(msgspec.Struct):
    """What happened in one saga; ``ended`` is empty while it runs."""

    steps: dict[str, StepFacts]
    ended: Literal["", "completed", "failed", "needs_operator"] = ""
    code: str = ""
    reason: str = ""
    status: int = 0

    def step(self, name: str) -> StepFacts:
        """What happened in the step; nothing yet, when it was not heard of."""
        return self.steps.setdefault(name, StepFacts())

    @property
    def outcomes(self) -> dict[str, str]:
        """What each step that was asked came to, in the words of the compensation table."""
        return {name: step.outcome for name, step in self.steps.items()}

    @property
    def undone(self) -> frozenset[tuple[str, str]]:
        """What was really undone: step and the command that its participant answered."""
        return frozenset((name, step.undo) for name, step in self.steps.items() if step.undone)


def happened(transitions: Iterable[Transition]) -> SagaFacts:
    """The facts of a saga from its transitions, in order."""
    facts = SagaFacts(steps={})
    for transition in transitions:
        for fact in transition.facts:
            _take(facts, fact)
    return facts


def _take(saga: SagaFacts, fact: Fact) -> None:
    match fact:
        case Sent(direction="do"):
            saga.step(fact.step).outcome = "sent"
        case Sent():
            saga.step(fact.step).undo = fact.command
        case Succeeded(direction="do"):
            saga.step(fact.step).outcome = "success"
        case Succeeded():
            saga.step(fact.step).undone = True
        case Refused(direction="do"):
            saga.step(fact.step).outcome = "refused"
            saga.step(fact.step).why = fact.code
        case Faulted(direction="do", retry_at=0):
            saga.step(fact.step).outcome = "unknown"
            saga.step(fact.step).why = fact.error
        case Completed():
            saga.ended = "completed"
        case Failed():
            saga.ended = "failed"
            saga.code, saga.reason, saga.status = fact.code, fact.reason, fact.status
        case Stuck() | Parked():
            saga.ended = "needs_operator"
        case _:
            pass
