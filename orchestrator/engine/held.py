"""Signals that cannot be decided at once: held until their step has settled, or handed on to the
child saga that runs there, which decides.
"""

from orchestrator.engine.facts import Ignored, SignalHeld, Signalled
from orchestrator.engine.inputs import Reply, Signal
from orchestrator.engine.plan import PlannedStep
from orchestrator.engine.state import StepState
from orchestrator.engine.turning import halt
from orchestrator.engine.work import Work


def hold(work: Work, given: Signal, name: str) -> None:
    """Keep the signal for this step; a child is told."""
    number = work.state.steps[name].round
    work.tell(
        SignalHeld(given.name, given.id, given.by, given.reason, name, number, dict(given.data))
    )


def released(work: Work, planned: PlannedStep) -> None:
    """The step is done: what was held for it is applied, and the step done again with the changed
    data, in a new round (DESIGN law 4). A child that has ended has decided before all that it
    could, and said what it has applied.
    """
    step = work.state.steps[planned.name]
    again = False
    for one in work.state.held:
        if one.step != planned.name:
            continue
        if planned.child:
            why = f"the saga of {planned.name} had ended"
            work.tell(one.refused(why))
        else:
            change(work, one)
            again = True
    if again:
        work.send(planned, "do", step.round + 1, 1)


def skipped(work: Work, name: str) -> None:
    """The step is written off and not done again: what was held for it comes too late."""
    for one in work.state.held:
        if one.step == name:
            work.tell(one.refused(f"too late: {name} was skipped"))


def change(work: Work, one: SignalHeld | Signal) -> None:
    """Apply a signal that changes the input, and tell of it."""
    name = one.signal if isinstance(one, SignalHeld) else one.name
    planned = work.plan.changes[name]
    changes = {field: one.data[source] for field, source in planned.change.fields.items()}
    work.tell(Signalled(name, one.id, one.by, one.reason, one.data, changes))
    about = {**one.data, "id": one.id, "by": one.by, "reason": one.reason, "at": work.at}
    work.emit(planned.told, str(len(work.state.signals)), about)


def answer_of(work: Work, reply: Reply) -> SignalHeld | None:
    """The held signal that a child has decided; None, and the log says so, where none is held."""
    wanted = reply.data.get("signal")
    for one in work.state.held:
        if one.id == wanted and one.step == reply.step:
            return one
    work.tell(Ignored(f"{reply.step}: an answer to a signal that is not held"))
    return None


def remind(work: Work, planned: PlannedStep, step: StepState) -> None:
    """A child that is asked again is told again what it was told."""
    if not step.child:
        return
    for one in work.state.held:
        if one.step == planned.name:
            work.tell(one)
    if work.state.mode != "forward":
        halt(work, planned.name)
