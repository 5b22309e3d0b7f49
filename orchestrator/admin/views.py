"""Sagas as JSON: snake_case names, times in Unix milliseconds, ids as integers below 2**53."""

from collections.abc import Sequence
from typing import Any

import msgspec

from orchestrator.admin.why import Waiting
from orchestrator.engine.facts import Transition
from orchestrator.engine.state import State
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.rows import SagaRow

Json = dict[str, Any]


def listed(row: SagaRow) -> Json:
    """A saga in a list."""
    return {
        "id": row.id,
        "definition": row.definition,
        "version": row.version,
        "key": row.key,
        "state": row.status,
        "number": row.number,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "failure": {"code": row.code, "reason": row.reason} if row.code else None,
    }


def whole(state: State, waiting: Sequence[Waiting], as_of: PartitionFacts | None) -> Json:
    """A saga with its data, its steps, and why it does not move.

    ``as_of`` says how far this process has read the log of the saga's partition.
    """
    failure = {"code": state.code, "reason": state.reason, "status": state.http}
    return {
        "id": state.saga,
        "definition": state.definition,
        "version": state.version,
        "key": state.key,
        "tenant": state.tenant,
        "state": state.status,
        "number": state.number,
        "created_at": state.started_at,
        "updated_at": state.updated_at,
        "trace": state.trace,
        "data": state.data,
        "steps": [
            {
                "name": name,
                "phase": step.phase,
                "direction": step.direction,
                "round": step.round,
                "attempt": step.attempt,
                "since": step.since,
                "due_at": step.due or None,
                "error": step.error,
            }
            for name, step in state.steps.items()
        ],
        "undone": list(state.undone),
        "skipped": list(state.skipped),
        "failure": failure if state.code else None,
        "deadline": state.deadline or None,
        "deadline_stands_still_since": state.person_since or None,
        "late": state.late,
        "parent": None if state.parent is None else state.parent.saga,
        "held": [
            {"id": one.id, "signal": one.signal, "by": one.by, "step": one.step}
            for one in state.held
        ],
        "waiting": [msgspec.to_builtins(each) for each in waiting],
        "as_of": _as_of(as_of),
    }


def happened(transition: Transition) -> Json:
    """One line of a saga's history."""
    return {
        "number": transition.number,
        "at": transition.at,
        "input": transition.input,
        "facts": msgspec.to_builtins(transition.facts),
    }


def _as_of(facts: PartitionFacts | None) -> Json | None:
    if facts is None:
        return None
    return {"partition": facts.partition, "offset": facts.offset, "at": facts.at}
