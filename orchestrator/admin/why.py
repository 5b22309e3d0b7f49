"""Why does it not move: what an open saga waits for, read off its state and definition (law 12).

Pure: the API, the CLI and the web UI show the same. Times are Unix milliseconds.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from orchestrator.admin.times import clock
from orchestrator.definition.nodes import Call, Definition, Direction, Leaf, Step, Wait
from orchestrator.definition.tree import steps_of
from orchestrator.engine.state import State, StepState
from orchestrator.sagalog.rows import SagaRow

_COMMANDS = ".commands"
FindChild = Callable[[Step, int], SagaRow | None]


def _unknown(_step: Step, _round: int) -> None:
    return None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a saga waits for.

    - ``reply``: ``service`` has the command; it times out at ``due_at``.
    - ``retry``: the last attempt failed; the next goes out at ``due_at``.
    - ``child``: another saga, ``command``, runs; it is asked again at ``due_at``.
    - ``child_stuck``: that saga waits for an operator, and so does this one.
    - ``signal``: somebody must send ``command``; at ``due_at`` it is decided without.
    - ``timer``: the time until ``due_at`` must pass.
    - ``operator``: a person must decide (law 7); nothing happens by itself.
    - ``nothing``: an open saga that nothing wakes, which law 12 forbids: a defect.

    ``attempts`` 0 means without end. ``overdue``: ``due_at`` has passed, so whoever owns the
    partition is behind or away.
    """

    kind: Literal[
        "reply", "retry", "child", "child_stuck", "signal", "timer", "operator", "nothing"
    ]
    text: str
    step: str | None = None
    direction: Direction | None = None
    service: str | None = None
    command: str | None = None
    round: int | None = None
    attempt: int | None = None
    attempts: int | None = None
    since: int
    due_at: int | None = None
    overdue: bool = False
    last_error: str = ""


def why(
    state: State, definition: Definition | None, now: int, child: FindChild = _unknown
) -> tuple[Waiting, ...]:
    """What the saga waits for at the time ``now``, in the order of its steps; empty once it has
    ended.

    ``definition`` is the version the saga runs on; without it (None) services and policies stay
    unnamed. ``child`` finds the saga that does a step in a round.
    """
    if not state.open:
        return ()
    if state.parked:
        text = f"a decision could not be made, an operator must look: {state.parked}"
        parked = Waiting(
            kind="operator", text=text, since=state.updated_at, last_error=state.parked
        )
        return (parked,)
    steps = {step.name: step for step in steps_of(definition.body)} if definition else {}
    found = (_waiting(name, at, steps.get(name), now, child) for name, at in state.steps.items())
    waiting = tuple(each for each in found if each is not None)
    if waiting:
        return waiting
    text = "nothing wakes this saga, which must not be: the reconciler repairs it and says so"
    return (Waiting(kind="nothing", text=text, since=state.updated_at),)


def _waiting(
    name: str, at: StepState, step: Leaf | None, now: int, child: FindChild
) -> Waiting | None:
    if at.phase == "waiting":
        return _on_signal(_common(name, at, None, now), step if isinstance(step, Wait) else None)
    kinds = {"sent": _on_reply, "pausing": _on_retry, "stuck": _on_operator}
    make = kinds.get(at.phase)
    if make is None:
        return None
    planned = step if isinstance(step, Step) else None
    common = _common(name, at, planned, now)
    if planned is not None and planned.child and at.direction == "do" and at.phase != "stuck":
        return _on_child(common, child(planned, at.round))
    return make(common)


def _common(name: str, at: StepState, step: Step | None, now: int) -> Waiting:
    call: Call | None = None
    attempts: int | None = None
    if step is not None:
        call = step.do if at.direction == "do" else step.undo
        attempts = (step.retry if at.direction == "do" else step.undo_retry).attempts
    return Waiting(
        kind="nothing",
        text="",
        step=name,
        direction=at.direction,
        service=call.topic.removesuffix(_COMMANDS) if call else None,
        command=call.command if call else None,
        round=at.round,
        attempt=at.attempt,
        attempts=attempts,
        since=at.since,
        due_at=at.due or None,
        overdue=0 < at.due < now,
        last_error=at.error,
    )


def _on_reply(it: Waiting) -> Waiting:
    whom = it.service or "the participant"
    what = it.command or f"the {it.direction} of {it.step}"
    late = " (that time is over: the owner of its partition is behind)" if it.overdue else ""
    text = (
        f"waits for {whom} to answer {what}, {_attempt(it)}, since {_clock(it.since)},"
        f" until {_clock(it.due_at)}{late}{_error(it)}"
    )
    return msgspec.structs.replace(it, kind="reply", text=text)


def _on_child(it: Waiting, child: SagaRow | None) -> Waiting:
    if child is not None and child.status == "needs_operator":
        text = f"waits for an operator in its saga {it.command} {child.id}"
        return msgspec.structs.replace(it, kind="child_stuck", service=None, text=text)
    again = "" if it.due_at is None else f"; it is asked again at {_clock(it.due_at)}"
    text = f"waits for its saga {it.command} to end, since {_clock(it.since)}{again}{_error(it)}"
    return msgspec.structs.replace(it, kind="child", service=None, text=text)


def _on_signal(it: Waiting, wait: Wait | None) -> Waiting:
    """A wait: its signal comes, or its time is over, whichever is first."""
    since, until = _clock(it.since), _clock(it.due_at)
    then = ""
    if wait is not None:
        then = ", then it goes on" if wait.expires == "done" else ", then it is refused"
    if wait is not None and not wait.signal:
        text = f"waits for its time to pass, until {until}{then}"
        return msgspec.structs.replace(it, kind="timer", text=text)
    what = f"the signal {wait.signal}" if wait else "a signal"
    whom = " from a person" if wait and wait.person else ""
    text = f"waits for {what}{whom} since {since}, until {until}{then}"
    return msgspec.structs.replace(
        it, kind="signal", command=wait.signal if wait else None, text=text
    )


def _on_retry(it: Waiting) -> Waiting:
    what = it.command or f"the {it.direction} of {it.step}"
    whom = f" of {it.service}" if it.service else ""
    text = f"asks {what}{whom} again at {_clock(it.due_at)}, after {_attempt(it)}{_error(it)}"
    return msgspec.structs.replace(it, kind="retry", text=text)


def _on_operator(it: Waiting) -> Waiting:
    text = (
        f"waits for an operator since {_clock(it.since)}: {it.direction} of {it.step} was given up"
        f" after {_attempt(it)}{_error(it)}; retry, skip or resume it"
    )
    return msgspec.structs.replace(it, kind="operator", text=text)


def _attempt(it: Waiting) -> str:
    of = f" of {it.attempts}" if it.attempts else ""
    again = f" in round {it.round}" if it.round and it.round > 1 else ""
    return f"attempt {it.attempt}{of}{again}"


def _error(it: Waiting) -> str:
    return f"; last error: {it.last_error}" if it.last_error else ""


def _clock(at: int | None) -> str:
    """Seconds are enough for people; programs read the numbers."""
    return f"{clock(at)} UTC" if at else "an unknown time"
