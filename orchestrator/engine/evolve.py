"""The fold: what one fact does to a state. Nothing else changes a state, so the log determines
it (DESIGN law 14).
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from contracts.topics import REQUESTS
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Emitted,
    Fact,
    Failed,
    Failing,
    Faulted,
    Halted,
    Ignored,
    Late,
    Moved,
    MoveRefused,
    Parked,
    Refused,
    Repaired,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Started,
    Stuck,
    Succeeded,
    Transition,
    Waited,
)
from orchestrator.engine.state import Phase, State, StepState


class NotAState(ValueError):
    """A transition does not follow the state it was applied to: one is missing, or comes twice."""


def evolve(state: State | None, transition: Transition) -> State:
    """The state after this transition; the state given is left as it was. Raises NotAState out
    of order.
    """
    work = _begin(state, transition)
    for fact in transition.facts:
        apply(work, fact, transition.at)
    work.stamp(state, transition.at)
    return work


def _begin(state: State | None, transition: Transition) -> State:
    expected = 1 if state is None else state.number + 1
    if transition.number != expected:
        raise NotAState(
            f"saga {transition.saga}: transition {transition.number} after {expected - 1}"
        )
    if state is not None:
        return draft(state)
    if not transition.facts or not isinstance(transition.facts[0], Started):
        raise NotAState(f"saga {transition.saga}: its first fact is not its start")
    return begun(transition.saga, transition.at, transition.facts[0])


def begun(saga: int, at: int, fact: Started) -> State:
    """A new saga, before any of its facts."""
    return State(
        saga=saga,
        definition=fact.definition,
        version=fact.version,
        tenant=fact.tenant,
        key=fact.key,
        trace=fact.trace,
        number=0,
        started_at=at,
        updated_at=at,
        mode="forward",
        data={"input": fact.input},
        steps={},
        deadline=fact.deadline,
        parent=fact.parent,
        progress=fact.progress,
    )


def draft(state: State) -> State:
    """A copy that may be changed: the steps and data are values that are replaced, never
    altered.
    """
    return replace(state, steps=state.steps.copy())


def apply(work: State, fact: Fact, at: int) -> None:
    """Change the draft by one fact that happened at this time."""
    _APPLY[type(fact)](work, fact, at)


def _sent(work: State, fact: Sent, at: int) -> None:
    last = work.steps.get(fact.step)
    spent, error, stands = 0, "", 0
    if last is not None and last.direction == fact.direction:
        if last.round == fact.round:
            spent, error, stands = last.spent, last.error, last.stands
        else:
            stands = last.round if last.phase == "done" else last.stands
    work.steps[fact.step] = StepState(
        "sent",
        fact.direction,
        fact.round,
        fact.attempt,
        fact.deadline,
        at,
        error,
        False,
        spent,
        stands,
        fact.command if fact.topic == REQUESTS else "",
    )
    if fact.until:
        work.delegated = fact.step
    if work.person_since:
        _go_on(work, at)


def _waited(work: State, fact: Waited, at: int) -> None:
    work.steps[fact.step] = StepState("waiting", "do", 1, 1, fact.due, at, person=fact.person)
    if fact.person:
        _stand_still(work, at)


def _stand_still(work: State, at: int) -> None:
    """A person is waited for: the saga's deadline does not come nearer meanwhile."""
    if work.deadline and not work.person_since:
        work.person_since = at


def _go_on(work: State, at: int) -> None:
    """Nobody is waited for any more: the deadline is put off by the time that it took."""
    if work.person_since and not work.parked and not work.persons:
        work.deadline += at - work.person_since
        work.person_since = 0


def _move(work: State, name: str, at: int, phase: Phase, **changes: Any) -> None:
    step = work.steps[name]
    work.steps[name] = StepState(
        phase,
        step.direction,
        step.round,
        step.attempt,
        changes.get("due", 0),
        at,
        changes.get("error", step.error),
        changes.get("settled", step.settled),
        changes.get("spent", step.spent),
        step.stands,
        step.child,
    )


def _succeeded(work: State, fact: Succeeded, at: int) -> None:
    step = work.steps[fact.step]
    work.steps[fact.step] = StepState("done", step.direction, step.round, step.attempt, 0, at)
    if fact.direction == "do":
        work.data = {**work.data, fact.step: fact.data}
        if work.delegated == fact.step:
            work.delegated = ""
        if work.person_since:
            _go_on(work, at)
    else:
        work.undone += (fact.step,)


def _refused(work: State, fact: Refused, at: int) -> None:
    _move(work, fact.step, at, "refused", error=fact.reason, settled=True)
    if work.delegated == fact.step:
        work.delegated = ""


def _faulted(work: State, fact: Faulted, at: int) -> None:
    phase: Phase = "pausing" if fact.retry_at else "unknown"
    _move(work, fact.step, at, phase, due=fact.retry_at, error=fact.error)


def _failing(work: State, fact: Failing, at: int) -> None:
    work.mode = "settling"
    work.deadline = work.person_since = 0
    work.delegated = ""
    work.code, work.reason, work.http = fact.code, fact.reason, fact.status
    for name, step in work.steps.items():
        # Asking again would only delay the undo, which an unknown outcome gets anyway; but a child
        # settles by its own end.
        if step.phase == "pausing" and not step.child:
            _move(work, name, at, "unknown")
        elif step.phase == "waiting":
            _move(work, name, at, "dropped")


def _compensating(work: State, _fact: Compensating, _at: int) -> None:
    work.mode = "compensating"


def _stuck(work: State, fact: Stuck, at: int) -> None:
    _move(work, fact.step, at, "stuck", error=fact.cause)
    _stand_still(work, at)


def _repaired(work: State, fact: Repaired, at: int) -> None:
    work.repairs += (fact.request,)
    work.parked = ""
    if fact.action == "skip":
        _move(work, fact.step, at, "skipped")
        work.skipped += (fact.step,)
    elif fact.step:
        step = work.steps[fact.step]
        _move(work, fact.step, at, step.phase, due=step.due, spent=step.attempt)
    _go_on(work, at)


def _signalled(work: State, fact: Signalled, _at: int) -> None:
    _decided(work, fact.id, "")
    if fact.changes:
        work.asked = {**work.asking, **work.asked}
        work.changed = {**work.changed, **fact.changes}


def _signal_refused(work: State, fact: SignalRefused, _at: int) -> None:
    _decided(work, fact.id, fact.why)


def _decided(work: State, signal: str, why: str) -> None:
    work.signals = {**work.signals, signal: why}
    if work.held:
        work.held = tuple(one for one in work.held if one.id != signal)


def _signal_held(work: State, fact: SignalHeld, _at: int) -> None:
    if all(one.id != fact.id for one in work.held):
        work.held += (fact,)


def _moved(work: State, fact: Moved | MoveRefused, _at: int) -> None:
    refused = isinstance(fact, MoveRefused)
    work.version = work.version if refused else fact.version
    work.moves = {**work.moves, fact.request: fact.why if refused else ""}


def _completed(work: State, _fact: Completed, _at: int) -> None:
    work.mode = "completed"
    work.deadline = 0


def _failed(work: State, fact: Failed, _at: int) -> None:
    work.mode = "failed"
    work.code, work.reason, work.http = fact.code, fact.reason, fact.status


def _parked(work: State, fact: Parked, at: int) -> None:
    work.parked = fact.error
    _stand_still(work, at)


def _late(work: State, _fact: Late, _at: int) -> None:
    work.late = True
    work.deadline = 0


def _nothing(_work: State, _fact: Started | Emitted | Halted | Ignored, _at: int) -> None:
    """The fact is told to the world or to people; the state stays."""


_APPLY: dict[type, Callable[[State, Any, int], None]] = {
    Started: _nothing,
    Sent: _sent,
    Waited: _waited,
    Succeeded: _succeeded,
    Refused: _refused,
    Faulted: _faulted,
    Failing: _failing,
    Late: _late,
    Compensating: _compensating,
    Stuck: _stuck,
    Repaired: _repaired,
    Signalled: _signalled,
    SignalRefused: _signal_refused,
    SignalHeld: _signal_held,
    Halted: _nothing,
    Moved: _moved,
    MoveRefused: _moved,
    Emitted: _nothing,
    Completed: _completed,
    Failed: _failed,
    Parked: _parked,
    Ignored: _nothing,
}
