"""The turn: from now on nothing is begun, what is in flight settles, and what was done is undone
(DESIGN law 6).
"""

from orchestrator.engine.facts import Failing, Halted
from orchestrator.engine.work import Work


def turn(work: Work, why: Failing, *, stopping: str = "") -> None:
    """Turn the saga: signals that are held come too late, children that run are told to stop.

    The child of the step ``stopping`` knows already.
    """
    work.tell(why)
    for held in work.state.held:
        work.tell(held.refused(f"the saga is being undone already: {why.reason}"))
    for name in work.state.steps:
        if name != stopping:
            halt(work, name)


def halt(work: Work, name: str) -> None:
    """Tell the child that runs at this step to stop, if there is one."""
    step = work.state.steps[name]
    if step.child and step.waits:
        work.tell(Halted(name, step.round, work.state.reason))
