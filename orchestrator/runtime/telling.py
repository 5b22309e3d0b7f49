"""The few lines about sagas that a person reads: told once, when the decision is on the disk.

What goes well is in the metrics, the spans and the saga's history, and not in the log.
"""

from collections.abc import Iterable
from typing import Final

from infra.logging import get_logger
from infra.telemetry.context import trace_id
from orchestrator.engine.facts import Failed, Parked, Stuck
from orchestrator.engine.state import State
from orchestrator.runtime.decisions import Decided

MAX_CAUSE: Final = 500
_TOLD: Final = frozenset((Stuck, Parked, Failed))
_log = get_logger("orchestrator.sagas")


def tell(decided: Iterable[Decided]) -> None:
    """Tell which sagas have failed or wait for a person, and why."""
    for sealed, state in decided:
        for fact in sealed.transition.facts:
            if type(fact) in _TOLD:
                _tell(state, fact)  # type: ignore[arg-type]


def _tell(state: State, fact: Stuck | Parked | Failed) -> None:
    who = {"saga": state.saga, "definition": state.definition, "trace_id": trace_id(state.trace)}
    match fact:
        case Stuck():
            cause = fact.cause[:MAX_CAUSE]
            place = {"step": fact.step, "direction": fact.direction}
            _log.warning("saga needs an operator", **who, **place, cause=cause)
        case Parked():
            _log.error(
                "saga parked: no decision could be made", **who, cause=fact.error[:MAX_CAUSE]
            )
        case Failed():
            _log.info("saga failed", **who, code=fact.code, undone=list(fact.undone))
