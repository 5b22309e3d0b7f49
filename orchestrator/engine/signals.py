"""What people outside may tell a running saga: to stop. What does not apply is refused, and the
log says why; the same signal twice is one (DESIGN law 4).
"""

from typing import Final

from orchestrator.engine.backward import settle
from orchestrator.engine.facts import Failing, Ignored, Signalled, SignalRefused
from orchestrator.engine.inputs import Signal
from orchestrator.engine.work import Work

CANCEL: Final = "cancel"
"""The signal that every saga takes: stop, and undo what was done."""
CANCELLED: Final = "cancelled"
"""The code of a saga that was cancelled."""
CANCELLED_STATUS: Final = 409
"""The HTTP-like status of a saga that was cancelled."""


def signal(work: Work, given: Signal) -> None:
    """Carry out the signal, or log why it is refused."""
    if given.id in work.state.signals:
        work.tell(Ignored("this signal has been taken already"))
        return
    why = _refused(work, given)
    if why:
        work.tell(SignalRefused(given.name, given.id, given.by, given.reason, why))
        return
    work.tell(Signalled(given.name, given.id, given.by, given.reason))
    reason = f"cancelled by {given.by}: {given.reason}"
    work.tell(Failing("", CANCELLED, reason, CANCELLED_STATUS))
    settle(work)


def _refused(work: Work, given: Signal) -> str:
    """Why the signal does not apply; empty when it does."""
    state = work.state
    if not state.open:
        return f"the saga has ended: {state.mode}"
    if given.name != CANCEL:
        return f"{state.definition} takes no signal {given.name}"
    if state.mode != "forward":
        return f"the saga is being undone already: {state.reason}"
    committed = work.committed
    if committed:
        return f"there is no way back any more: {committed} has been commanded"
    if state.parked:
        return "the saga is parked: an operator must resume it first"
    return ""
