"""What happens next: a pure function from a definition, a state and an input to one transition
(DESIGN law 1).

An input that does not apply (late, duplicate, out of place) is a decision too: the state stays,
and the fact ``Ignored`` says why. A wake-up with nothing due yields no facts, and then nothing
is logged.
"""

from orchestrator.engine import backward, deadline, forward, held, waiting
from orchestrator.engine.evolve import apply, begun, draft
from orchestrator.engine.facts import Ignored, Parked, Started, Transition
from orchestrator.engine.inputs import Input, Repair, Reply, Signal, Start, Wake
from orchestrator.engine.plan import Plan, PlannedStep, PlannedWait
from orchestrator.engine.repair import repair
from orchestrator.engine.signals import answered, applied, signal
from orchestrator.engine.state import State, StepState
from orchestrator.engine.work import Work

Decision = tuple[State, Transition]


class Undecidable(ValueError):
    """An input reached a saga that it cannot be meant for: a start of one that exists, or
    anything before its start.
    """


def decide(plan: Plan, state: State | None, given: Input) -> Decision:
    """Decide one input.

    Returns the new state and the transition that leads to it; the state given is left as it
    was. Raises Undecidable for an input that no saga could take here, and whatever a broken
    definition raises while a message is filled: the caller then logs ``park`` instead (DESIGN
    law 1).
    """
    if isinstance(given, Start):
        if state is not None:
            raise Undecidable(f"saga {given.saga} has been started already")
        return _start(plan, given)
    if state is None:
        raise Undecidable(f"{given.id}: its saga has not been started")
    work = Work(plan, draft(state), given.at)
    if isinstance(given, Reply) and state.open and not state.parked:
        _reply(work, given)  # first, as most of what comes is that
    elif isinstance(given, Signal):
        signal(work, given)
    elif not state.open:
        if not _known_end(work, given):
            _ignore(work, given, f"the saga has ended ({state.mode})")
    elif isinstance(given, Repair):
        repair(work, given)
    elif state.parked:
        _ignore(work, given, "the saga is parked")
    else:
        _wake(work)
    return _decision(work, state, given)


def park(state: State | None, given: Input, started: Started | None, error: str) -> Decision:
    """The decision when none could be made: the saga stands still and an operator is told why.

    ``started`` is the saga's first fact where ``given`` is its start.
    """
    facts: tuple[Started | Parked, ...] = (Parked(error),)
    if state is None:
        if started is None or not isinstance(given, Start):
            raise Undecidable(f"{given.id}: there is no saga to park")
        state = begun(given.saga, given.at, started)
        facts = (started, Parked(error))
    after = draft(state)
    apply(after, Parked(error), given.at)
    after.number, after.updated_at = state.number + 1, given.at
    return after, Transition(state.saga, after.number, given.at, given.id, facts)


def started_fact(plan: Plan, given: Start) -> Started:
    """The first fact of a saga."""
    time = plan.definition.time_ms
    ends = [end for end in (given.at + time if time else 0, given.until) if end]
    return Started(
        plan.definition.name,
        plan.version,
        given.tenant,
        given.key,
        given.input,
        given.trace,
        min(ends, default=0),
        given.parent,
        bool(plan.definition.progress),
    )


def _decision(work: Work, before: State | None, given: Input) -> Decision:
    state = work.state
    if work.facts:
        state.stamp(before, given.at)
    return state, Transition(state.saga, state.number, given.at, given.id, tuple(work.facts))


def _start(plan: Plan, given: Start) -> Decision:
    fact = started_fact(plan, given)
    work = Work(plan, begun(given.saga, given.at, fact), given.at)
    work.tell(fact)
    work.emit(plan.started)
    forward.advance(work)
    return _decision(work, None, given)


def _known_end(work: Work, given: Input) -> bool:
    """Whether a child says again how it has ended. It does at every start on an embedded broker
    (DESIGN law 3), and what is over would be told a little more each time.
    """
    if not isinstance(given, Reply) or given.outcome not in ("succeeded", "refused"):
        return False
    planned, step = work.plan.steps.get(given.step), work.state.steps.get(given.step)
    if planned is None or step is None:
        return False
    return planned.child and step.phase in ("done", "refused")


def _ignore(work: Work, given: Input, why: str) -> None:
    # A timer that fires too late is nobody's message: it needs no answer and leaves no trace.
    if not isinstance(given, Wake):
        work.tell(Ignored(why))


def _reply(work: Work, reply: Reply) -> None:
    planned = work.plan.steps.get(reply.step)
    step = work.state.steps.get(reply.step)
    if not isinstance(planned, PlannedStep) or step is None:
        work.tell(Ignored(f"a reply for step {reply.step}, which was not asked"))
        return
    why = _inapplicable(step, reply)
    if why:
        work.tell(Ignored(f"{reply.step}: {why}"))
        return
    if reply.applied:
        applied(work, reply)
    way = forward if reply.direction == "do" else backward
    if reply.outcome == "succeeded":
        _succeeded(work, planned, step, reply)
    elif reply.outcome == "answered":
        answered(work, reply)
    elif reply.outcome == "refused":
        way.refused(work, planned, reply)
    else:
        error = str(reply.data.get("reason", "failed"))
        way.faulted(work, planned, step, "failed", error)


def _inapplicable(step: StepState, reply: Reply) -> str:
    """Why a reply changes nothing; empty when it applies. Replies belong to a round, failures
    to an attempt.
    """
    if reply.direction != step.direction:
        return "late: the step is being undone"
    if reply.round != step.round:
        return f"of round {reply.round}, now it is round {step.round}"
    if step.settled or not (step.waits or step.phase == "stuck"):
        return f"duplicate or late: the step is {step.phase}"
    if reply.outcome == "failed" and (step.phase != "sent" or reply.attempt != step.attempt):
        return f"failure of attempt {reply.attempt}, which is over"
    return ""


def _succeeded(work: Work, planned: PlannedStep, step: StepState, reply: Reply) -> None:
    undoing = reply.direction == "undo"
    # Nothing is filled from the reply of an undo, and an undo of nothing has none to give (law 5).
    missing = [] if undoing else planned.do.missing(reply.data)
    way = backward if undoing else forward
    if not missing:
        way.succeeded(work, planned, reply)
    elif step.phase == "sent":
        # Something happened, but what it was cannot be read: an unknown outcome (DESIGN law 5).
        way.faulted(work, planned, step, "failed", f"its reply lacks {', '.join(missing)}")
    else:
        work.tell(Ignored(f"{reply.step}: the reply lacks {', '.join(missing)}"))


def _wake(work: Work) -> None:
    """Deadlines that have passed become timeouts, pauses that are over become attempts, and waits
    whose time is over are decided.
    """
    deadline.look(work)
    for name, planned in work.plan.steps.items():
        step = work.state.steps.get(name)
        if step is None or not step.due or step.due > work.at:
            continue
        if isinstance(planned, PlannedWait):
            waiting.expired(work, planned)
        elif step.phase == "sent":
            way = backward if step.direction == "undo" else forward
            way.faulted(work, planned, step, "timeout", "no reply within the timeout")
        elif step.phase == "pausing":
            work.send(planned, step.direction, step.round, step.attempt + 1)
            held.remind(work, planned, step)
