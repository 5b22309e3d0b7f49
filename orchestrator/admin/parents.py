"""What a saga that does a step of another is told through that one, which hands it on: told by
itself it would know what its parent, and all that follow the parent, do not.
"""

from typing import NamedTuple

from orchestrator.admin.definitions import definition_of
from orchestrator.admin.ports import Backend
from orchestrator.engine.inputs import Parent
from orchestrator.engine.signals import CANCEL
from orchestrator.engine.state import State


class Through(NamedTuple):
    """The parent that waits for a saga, and the signals that go through it."""

    parent: Parent
    signals: frozenset[str]


def through(backend: Backend, state: State) -> Through | None:
    """The parent that waits for this saga now, if one does: a cancel goes through it, and so does
    what changes the input of both. What only the saga itself knows, it is told itself.
    """
    parent = state.parent
    above = backend.reader.state(parent.saga) if parent else None
    if parent is None or above is None:
        return None
    at = above.steps.get(parent.step)
    if at is None or not at.waits or at.round != parent.round:  # it was written off
        return None
    definition = definition_of(backend, above.version)
    changes = (definition.changes or ()) if definition else ()
    handed_on = (change.signal for change in changes if change.redo == parent.step)
    return Through(parent, frozenset((CANCEL, *handed_on)))
