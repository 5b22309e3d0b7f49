"""What the file answers with."""

from typing import NamedTuple

import msgspec

from orchestrator.engine.rollouts import Rollout
from orchestrator.engine.state import State, Status
from orchestrator.sagalog.records import Sealed


class SagaRow(NamedTuple):
    """One saga as its row has it; times in Unix milliseconds, ``wake_at`` None when nothing is due.

    ``code`` and ``reason`` say why it failed, or is failing; else they are empty.
    """

    id: int
    partition: int
    tenant: int
    definition: str
    version: str
    key: str
    status: Status
    number: int
    wake_at: int | None
    created_at: int
    updated_at: int
    code: str
    reason: str


class HeldTransition(msgspec.Struct, frozen=True, gc=False):
    """A transition that the file holds, and where it stands in its partition's log."""

    offset: int
    sealed: Sealed


class HeldDefinition(msgspec.Struct, frozen=True, gc=False):
    """A definition (canonical JSON) that the file holds, and where it stands in a log."""

    offset: int
    version: str
    definition: bytes


class HeldRollout(msgspec.Struct, frozen=True, gc=False):
    """A rollout that the file holds, the ``number``-th of its partition, and where it stands."""

    offset: int
    number: int
    rollout: Rollout


Held = HeldTransition | HeldDefinition | HeldRollout


def row_of(state: State) -> tuple[object, ...]:
    """The saga's row, as the statement ``put_saga`` wants it."""
    return (
        state.saga,
        state.tenant,
        state.definition,
        state.version,
        state.key,
        state.status,
        state.number,
        state.wake_at or None,
        state.started_at,
        state.updated_at,
        state.code,
        state.reason,
    )
