"""What people outside may tell a running saga: to stop, to change its data, or what it waits for.

What does not apply is refused, and the log says why; the same signal twice is one (DESIGN law 4).
What a child saga must decide is handed on to it (held.py).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from orchestrator.engine import held, waiting
from orchestrator.engine.backward import settle
from orchestrator.engine.facts import Failing, Ignored, SignalHeld, Signalled, SignalRefused
from orchestrator.engine.inputs import Reply, Signal
from orchestrator.engine.plan import PlannedChange, PlannedWait
from orchestrator.engine.turning import turn
from orchestrator.engine.work import Work

CANCEL: Final = "cancel"
"""The signal that every saga takes: stop, and undo what was done."""
CANCELLED: Final = "cancelled"
"""The code of a saga that was cancelled."""
CANCELLED_STATUS: Final = 409
"""The HTTP-like status of a saga that was cancelled."""


def signal(work: Work, given: Signal) -> None:
    """Carry out the signal, hold it, or log why it is refused."""
    state = work.state
    if given.id in state.signals or any(one.id == given.id for one in state.held):
        work.tell(Ignored("this signal has been taken already"))
        return
    if given.name == CANCEL:
        _cancel(work, given)
    elif given.name in work.plan.changes:
        _change(work, given, work.plan.changes[given.name])
    elif given.name in work.plan.waits:
        _awaited(work, given, work.plan.waits[given.name])
    else:
        _refuse(work, given, f"{state.definition} takes no signal {given.name}")


def answered(work: Work, reply: Reply) -> None:
    """A child has decided a signal that was handed on to it."""
    one = held.answer_of(work, reply)
    if one is None:
        return
    why = str(reply.data.get("why", ""))
    if why:
        work.tell(one.refused(why))
    else:
        _applied(work, one)


def applied(work: Work, reply: Reply) -> None:
    """A child has ended, and says what it had applied: the answer to it never came."""
    for one in work.state.held:
        if one.step == reply.step and one.id in reply.applied and one in work.state.held:
            _applied(work, one)


def _applied(work: Work, one: SignalHeld) -> None:
    if one.signal == CANCEL:
        _stop(work, one, stopping=one.step)
    else:
        held.change(work, one)


def _cancel(work: Work, given: Signal) -> None:
    why = _closed(work) or _committed(work) or _parked(work)
    if why:
        _refuse(work, given, why)
    elif deciding := work.deciding:
        held.hold(work, given, deciding)
    else:
        _stop(work, given)


def _stop(work: Work, given: Signal | SignalHeld, *, stopping: str = "") -> None:
    work.tell(Signalled(CANCEL, given.id, given.by, given.reason))
    reason = f"cancelled by {given.by}: {given.reason}"
    turn(work, Failing("", CANCELLED, reason, CANCELLED_STATUS), stopping=stopping)
    settle(work)


def _change(work: Work, given: Signal, planned: PlannedChange) -> None:
    change = planned.change
    step = work.state.steps.get(change.redo)
    why = _closed(work) or _parked(work) or _lacking(given.data, change.required)
    if not why and step is not None and not (step.waits or step.phase == "stuck"):
        why = f"too late: {change.redo} is {step.phase}"
    if why:
        _refuse(work, given, why)
    elif step is None:
        held.change(work, given)
    else:
        held.hold(work, given, change.redo)


def _awaited(work: Work, given: Signal, planned: PlannedWait) -> None:
    step = work.state.steps.get(planned.name)
    why = _closed(work) or _parked(work) or _lacking(given.data, planned.step.required)
    if not why and step is None:
        why = f"{planned.name} is not waited for yet"
    elif not why and step is not None and step.phase != "waiting":
        why = f"{planned.name} has been decided already: {step.phase}"
    if why:
        _refuse(work, given, why)
        return
    work.tell(Signalled(given.name, given.id, given.by, given.reason, given.data))
    waiting.told(work, planned, given)


def _refuse(work: Work, given: Signal, why: str) -> None:
    work.tell(SignalRefused(given.name, given.id, given.by, given.reason, why))


def _closed(work: Work) -> str:
    state = work.state
    if not state.open:
        return f"the saga has ended: {state.mode}"
    return "" if state.mode == "forward" else f"the saga is being undone already: {state.reason}"


def _committed(work: Work) -> str:
    committed = work.committed
    return committed and f"there is no way back any more: {committed} has been commanded"


def _parked(work: Work) -> str:
    return "the saga is parked: an operator must resume it first" if work.state.parked else ""


def _lacking(data: Mapping[str, Any], required: Iterable[str]) -> str:
    missing = [field for field in required if field not in data]
    return f"it lacks {', '.join(missing)}" if missing else ""
