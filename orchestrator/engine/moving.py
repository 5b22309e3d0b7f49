"""Moving a running saga to another version of its definition: asked for by an operator, decided by
the saga's owner, and a fact in its log.

What was done stays done; from here on the saga goes by the other plan. Where it could not, it stays
as it is and the log says why. Its deadline stays the one that it was started with.
"""

from orchestrator.engine import backward, forward
from orchestrator.engine.decide import Decision
from orchestrator.engine.evolve import draft
from orchestrator.engine.facts import Ignored, Moved, MoveRefused, Transition
from orchestrator.engine.hindrances import hindrances
from orchestrator.engine.inputs import Move
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.engine.work import Work


def move(old: Plan, new: Plan | None, state: State, given: Move) -> Decision:
    """Decide a move; ``new`` is None where the version is not known here. The same request twice
    is one (DESIGN law 4).
    """
    if given.id in state.moves:
        work = Work(old, draft(state), given.at)
        work.tell(Ignored("this move has been decided already"))
        return _decision(work, state, given)
    why = _refused(old, new, state, given)
    if not why and new is not None:
        try:
            return _decision(_moved(new, state, given), state, given)
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it raises
            why = f"no decision could be made by the new version: {type(error).__name__}: {error}"
    work = Work(old, draft(state), given.at)
    work.tell(MoveRefused(given.version, given.id, given.reason, given.by, why))
    return _decision(work, state, given)


def _refused(old: Plan, new: Plan | None, state: State, given: Move) -> str:
    if new is None:
        return f"{state.definition} has no version {given.version} that this partition knows"
    if state.open and new.version == state.version:
        return "it runs on that version already"
    return "; ".join(hindrances(old, new, state))


def _moved(new: Plan, state: State, given: Move) -> Work:
    work = Work(new, draft(state), given.at)
    work.tell(Moved(new.version, given.id, given.reason, given.by))
    _go_on(work)
    return work


def arrived(plan: Plan, state: State, at: int) -> Work:
    """What a saga does at once when it comes to go by this plan: begin what may begin by it now.

    Raises what the engine raises where it cannot decide that.
    """
    work = Work(plan, draft(state), at)
    _go_on(work)
    return work


def _go_on(work: Work) -> None:
    if work.state.parked:  # an operator resumes it
        return
    if work.state.mode == "forward":
        forward.advance(work)
    elif work.state.mode == "settling":
        backward.settle(work)
    else:
        backward.undo(work)


def _decision(work: Work, before: State, given: Move) -> Decision:
    state = work.state
    state.stamp(before, given.at)
    facts = tuple(work.facts)
    return state, Transition(state.saga, state.number, given.at, given.id, facts)
