"""The way forward: which steps begin, and what becomes of a step that fails."""

from orchestrator.definition.nodes import NO_ANSWER
from orchestrator.engine import deadline, held
from orchestrator.engine.backward import settle
from orchestrator.engine.facts import Completed, Failing, Faulted, Refused, Stuck, Succeeded
from orchestrator.engine.inputs import Reply
from orchestrator.engine.plan import PlannedStep
from orchestrator.engine.state import StepState
from orchestrator.engine.turning import turn
from orchestrator.engine.work import Work


def advance(work: Work) -> None:
    """Begin every step whose needs are met; complete the saga when none is left.

    Nothing is begun once the deadline has passed, though its wake-up may come later: that waits for
    what is still to be read (DESIGN law 5), and an input that was read may lead here before it.
    """
    if 0 < work.state.deadline < work.at and (work.committed or _left(work)):
        deadline.look(work)
        if work.state.mode != "forward":
            return
    steps = work.state.steps
    left = False
    for name, planned in work.plan.steps.items():
        step = steps.get(name)
        if step is None:
            left = True
            for need in planned.needs:
                before = steps.get(need)
                if before is None or before.phase not in ("done", "skipped"):
                    break
            else:
                work.begin(planned)
        elif step.phase not in ("done", "skipped"):
            left = True
    if not left:
        work.tell(Completed(work.result()))
        work.emit(work.plan.completed)


def _left(work: Work) -> bool:
    """Whether there is still something to do. A saga that is done is not undone for being late."""
    steps = work.state.steps
    over = {name for name, step in steps.items() if step.phase in ("done", "skipped")}
    return len(over) < len(work.plan.steps)


def go_on(work: Work) -> None:
    """After a step has settled: on to the next ones, or towards undo."""
    if work.state.mode == "forward":
        advance(work)
    else:
        settle(work)


def succeeded(work: Work, planned: PlannedStep, reply: Reply) -> None:
    """The step is done; its reply becomes part of the saga's data."""
    work.tell(Succeeded(planned.name, "do", reply.data))
    if work.state.held:
        held.released(work, planned)
    go_on(work)


def refused(work: Work, planned: PlannedStep, reply: Reply) -> None:
    """A business refusal turns the saga, or past the point of no return calls a person."""
    code = str(reply.data.get("code", "refused"))
    reason = str(reply.data.get("reason", code))
    status = planned.step.refusals.get(code, 409)
    work.tell(Refused(planned.name, "do", code, reason, status))
    if planned.must:
        work.tell(Stuck(planned.name, "do", f"refused past the point of no return: {reason}"))
        return
    if work.state.mode == "forward":
        turn(work, Failing(planned.name, code, f"{planned.name}: {reason}", status))
    go_on(work)


def faulted(work: Work, planned: PlannedStep, step: StepState, cause: str, error: str) -> None:
    """An attempt brought no answer: ask the same round again, or give up (DESIGN law 5).

    A child is never given up: it ends by its own policy, and what it has done is its to undo.
    """
    retry = planned.step.retry
    final = retry.exhausted(step.attempt - step.spent)
    giving_up = work.state.mode != "forward" and not (planned.must or planned.child)
    pause = 0 if final or giving_up else work.at + retry.delay_ms(step.attempt - step.spent)
    timed_out = cause == "timeout"
    work.tell(
        Faulted(
            planned.name, "do", step.attempt, "timeout" if timed_out else "failed", error, pause
        )
    )
    if pause:
        return
    if planned.must or planned.step.kind == "pivot":
        work.tell(Stuck(planned.name, "do", f"outcome unknown, attempts exhausted: {error}"))
        return
    if work.state.mode == "forward":
        turn(work, Failing(planned.name, "no_answer", f"{planned.name}: {error}", NO_ANSWER))
    go_on(work)
