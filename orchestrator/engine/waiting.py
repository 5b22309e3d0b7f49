"""Waits: a signal comes, or the time is over, whichever is first."""

from typing import Final

from orchestrator.definition.nodes import Wait
from orchestrator.engine import forward
from orchestrator.engine.facts import Failing, Refused, Succeeded
from orchestrator.engine.inputs import Signal
from orchestrator.engine.plan import PlannedWait
from orchestrator.engine.turning import turn
from orchestrator.engine.work import Work

REJECTED: Final = "rejected"
"""The code of a wait that was answered with no, or that nobody answered in time."""
TIMER: Final = "timer"
"""Who has decided a wait whose time was over."""


def told(work: Work, planned: PlannedWait, given: Signal) -> None:
    """The signal that is waited for has come: it says yes or no."""
    wait = planned.step
    if wait.accepts and given.data.get(wait.accepts) is not True:
        _refuse(work, wait, f"rejected by {given.by}" + (given.reason and f": {given.reason}"))
        return
    _done(work, wait, {**given.data, "by": given.by, "reason": given.reason})


def expired(work: Work, planned: PlannedWait) -> None:
    """Nothing has come, and the time is over."""
    wait = planned.step
    if wait.expires == "done":
        _done(work, wait, {**wait.data, "by": TIMER, "reason": ""})
    else:
        _refuse(work, wait, f"nobody has decided within {wait.timeout_ms / 1_000:g} s")


def _done(work: Work, wait: Wait, data: dict[str, object]) -> None:
    work.tell(Succeeded(wait.name, "do", data))
    forward.go_on(work)


def _refuse(work: Work, wait: Wait, reason: str) -> None:
    status = wait.refusals.get(REJECTED, 409)
    work.tell(Refused(wait.name, "do", REJECTED, reason, status))
    turn(work, Failing(wait.name, REJECTED, f"{wait.name}: {reason}", status))
    forward.go_on(work)
