"""The deadline of a whole saga: forward work stops and what was done is undone; where there is no
way back any more the saga is late, and goes on.
"""

from typing import Final

from orchestrator.definition.nodes import NO_ANSWER
from orchestrator.engine.backward import settle
from orchestrator.engine.facts import Failing, Late
from orchestrator.engine.turning import turn
from orchestrator.engine.work import Work

EXCEEDED: Final = "deadline_exceeded"
"""The code of a saga that was not done in time."""
EXCEEDED_STATUS: Final = NO_ANSWER
"""The HTTP-like status of a saga that was not done in time."""


def look(work: Work) -> None:
    """Has the deadline passed? It does not while a person is waited for, nor while a child keeps
    it.
    """
    state = work.state
    if not state.deadline or state.person_since or state.delegated or state.deadline > work.at:
        return
    committed = work.committed
    if committed:
        work.tell(Late(committed))
        return
    turn(work, Failing("", EXCEEDED, "deadline exceeded", EXCEEDED_STATUS))
    settle(work)
