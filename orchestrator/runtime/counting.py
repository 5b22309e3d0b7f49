"""What a transition means to the metrics: called once for each that is committed."""

from infra.telemetry.metrics import Metrics
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Failed,
    Faulted,
    Parked,
    Refused,
    Started,
    Stuck,
    Succeeded,
    Transition,
)
from orchestrator.engine.state import State


def count(metrics: Metrics, before: State | None, after: State, transition: Transition) -> None:
    """Count one committed transition; ``before`` is the state it was decided on (None: a start)."""
    name = after.definition
    metrics.transitions.add()
    for fact in transition.facts:
        match fact:
            case Started():
                metrics.started.add(name)
            case Succeeded() | Refused():
                _settled(metrics, name, before, transition.at, fact)
            case Faulted():
                metrics.retries.add(name, fact.step, fact.direction, fact.cause)
            case Compensating():
                metrics.undos_owed.add(name, by=len(fact.owed))
            case Stuck() | Parked():
                metrics.needs_operator.add(name)
            case Completed():
                metrics.ended.add(name, "completed")
            case Failed():
                metrics.ended.add(name, "failed")
            case _:
                pass


def _settled(
    metrics: Metrics, name: str, before: State | None, at: int, fact: Succeeded | Refused
) -> None:
    step = before.steps.get(fact.step) if before else None
    if step is not None:
        metrics.step_seconds.observe((at - step.since) / 1_000, name, fact.step, fact.direction)
    if isinstance(fact, Refused):
        metrics.refusals.add(name, fact.step, fact.code)
    elif fact.direction == "undo":
        metrics.undos_done.add(name, fact.step)
