"""The way back: settle, then undo in reverse order, branches of one parallel together (DESIGN
laws 6 and 7).
"""

from orchestrator.engine.facts import Compensating, Failed, Faulted, Refused, Stuck, Succeeded
from orchestrator.engine.inputs import Reply
from orchestrator.engine.plan import Plan, PlannedStep
from orchestrator.engine.state import State, StepState
from orchestrator.engine.work import Work


def owed(plan: Plan, state: State) -> list[str]:
    """The steps that must still be undone, the last one first: all that was perhaps done and is
    not undone.
    """
    return [step.name for step in plan.backwards if step.undo and _owes(state, step.name)]


def _owes(state: State, name: str) -> bool:
    step = state.steps.get(name)
    if step is None:
        return False
    if step.direction == "undo":
        return step.phase not in ("done", "skipped")
    # A round that was refused leaves what an earlier one has done.
    return step.phase in ("done", "unknown") or (step.stands > 0 and step.phase != "skipped")


def settle(work: Work) -> None:
    """Begin to undo once no branch has a command out any more."""
    if any(step.waits for step in work.state.steps.values()):
        return
    if work.state.mode == "settling":
        work.tell(Compensating(tuple(owed(work.plan, work.state))))
    undo(work)


def undo(work: Work) -> None:
    """Send every undo whose turn it is; end the saga when nothing is owed."""
    pending = owed(work.plan, work.state)
    for name in pending:
        planned, step = work.plan.command(name), work.state.steps[name]
        if step.direction == "do" and planned.after.isdisjoint(pending):
            work.send(planned, "undo", step.round, 1)
    if not pending:
        _end(work)


def _end(work: Work) -> None:
    state = work.state
    failed = [
        f"{name}: {step.error}"
        for name, step in state.steps.items()
        if step.direction == "do" and step.error not in ("", state.reason)  # a child: told to stop
    ]
    reason = "; ".join(dict.fromkeys([state.reason, *failed]))
    work.tell(Failed(state.code, reason, state.http, state.undone, state.skipped))
    work.emit(work.plan.failed)


def succeeded(work: Work, planned: PlannedStep, reply: Reply) -> None:
    """The step is undone; the next ones may follow."""
    work.tell(Succeeded(planned.name, "undo", reply.data))
    undo(work)


def refused(work: Work, planned: PlannedStep, reply: Reply) -> None:
    """An undo that is refused is still owed: a person must decide."""
    code = str(reply.data.get("code", "refused"))
    reason = str(reply.data.get("reason", code))
    work.tell(Refused(planned.name, "undo", code, reason))
    work.tell(Stuck(planned.name, "undo", f"the undo was refused: {reason}"))


def faulted(work: Work, planned: PlannedStep, step: StepState, cause: str, error: str) -> None:
    """An undo that failed is asked again, until its policy is exhausted and a person must
    decide.
    """
    retry = planned.step.undo_retry
    tried = step.attempt - step.spent
    pause = 0 if retry.exhausted(tried) else work.at + retry.delay_ms(tried)
    timed_out = cause == "timeout"
    work.tell(
        Faulted(
            planned.name, "undo", step.attempt, "timeout" if timed_out else "failed", error, pause
        )
    )
    if not pause:
        work.tell(Stuck(planned.name, "undo", f"attempts exhausted: {error}"))
