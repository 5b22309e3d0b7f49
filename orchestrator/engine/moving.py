"""Moving a running saga to another version of its definition."""

from orchestrator.engine import backward, forward
from orchestrator.engine.evolve import draft
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.engine.work import Work


def arrived(plan: Plan, state: State, at: int) -> Work:
    """What a saga does at once when it comes to go by this plan: begin what may begin by it now.

    Raises what the engine raises where it cannot decide that.
    """
    work = Work(plan, draft(state), at)
    if state.parked:  # an operator resumes it
        return work
    if state.mode == "forward":
        forward.advance(work)
    elif state.mode == "settling":
        backward.settle(work)
    else:
        backward.undo(work)
    return work
