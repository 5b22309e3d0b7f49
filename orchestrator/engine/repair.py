"""What an operator may do to a saga that stands still (DESIGN law 7)."""

from orchestrator.engine.backward import undo
from orchestrator.engine.facts import Ignored, Repaired
from orchestrator.engine.forward import advance
from orchestrator.engine.held import remind, skipped
from orchestrator.engine.inputs import Repair
from orchestrator.engine.state import StepState
from orchestrator.engine.work import Work


def repair(work: Work, request: Repair) -> None:
    """Carry out the request, or log why it does not apply. The same request twice is one
    (DESIGN law 4).
    """
    if request.id in work.state.repairs:
        work.tell(Ignored("this repair has been carried out already"))
    elif request.action == "resume":
        _resume(work, request)
    elif work.state.parked:
        work.tell(Ignored("the saga is parked: only resume applies"))
    else:
        _one_step(work, request)


def _resume(work: Work, request: Repair) -> None:
    """Go on with everything that stands still: unpark, and ask again for all that has no answer."""
    standing = [
        name
        for name, step in work.state.steps.items()
        if step.phase == "stuck" or (work.state.parked and step.waits)
    ]
    if not standing and not work.state.parked:
        work.tell(Ignored("nothing stands still"))
        return
    work.tell(Repaired("resume", "", "do", request.id, request.reason, request.by))
    for name in standing:
        _again(work, name, request)
    if not standing:
        go_on_unparked(work)


def go_on_unparked(work: Work) -> None:
    """A parked saga with no command out takes its next steps anew."""
    if work.state.mode == "forward":
        if not work.state.steps:  # parked at its start: of that nothing has been told yet
            work.emit(work.plan.started)
        advance(work)
    else:
        undo(work)


def _one_step(work: Work, request: Repair) -> None:
    stuck = work.state.stuck
    if request.step and request.step not in stuck:
        work.tell(Ignored(f"step {request.step} does not wait for an operator"))
    elif not stuck:
        work.tell(Ignored("nothing stands still"))
    elif not request.step and len(stuck) > 1:
        work.tell(Ignored(f"several steps stand still, name one of them: {', '.join(stuck)}"))
    elif request.action == "retry":
        _again(work, request.step or stuck[0], request)
    else:
        _skip(work, request.step or stuck[0], request)


def _again(work: Work, name: str, request: Repair) -> None:
    """Ask once more with a fresh policy: the same round, or a new one after a refusal (DESIGN
    law 4).
    """
    step: StepState = work.state.steps[name]
    planned = work.plan.command(name)
    work.tell(Repaired("retry", name, step.direction, request.id, request.reason, request.by))
    if step.settled:
        work.send(planned, step.direction, step.round + 1, 1)
    else:
        work.send(planned, step.direction, step.round, step.attempt + 1)
        remind(work, planned, step)


def _skip(work: Work, name: str, request: Repair) -> None:
    """Write the step off: it counts as done (or undone); refused where its reply is needed."""
    direction = work.state.steps[name].direction
    readers = work.plan.readers(name) if direction == "do" else []
    if readers:
        work.tell(Ignored(f"cannot skip {name}: {', '.join(readers)} needs its reply"))
        return
    work.tell(Repaired("skip", name, direction, request.id, request.reason, request.by))
    if direction == "do":
        skipped(work, name)
        advance(work)
    else:
        undo(work)
