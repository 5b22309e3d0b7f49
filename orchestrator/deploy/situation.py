"""The situation of a saga: what two versions of its definition are compared in.

Times and values are left out, as in `saga check`: what is due lies in the future, and any of it may
be the next to come. So thousands of sagas are a few situations, each of which is looked at once.
"""

from typing import Any, Final

from msgspec.structs import replace

from orchestrator.engine.evolve import draft
from orchestrator.engine.state import State, StepState

NOW: Final = 1_700_000_000_000
LATER: Final = NOW + (1 << 40)

Key = tuple[Any, ...]


def timeless(state: State) -> State:
    """The same saga with all that is due in the future, at no time in particular."""
    work = draft(state)
    for name, step in state.steps.items():
        work.steps[name] = replace(step, due=LATER if step.due else 0, since=NOW)
    work.deadline = LATER if state.deadline else 0
    work.person_since = NOW if state.person_since else 0
    return work


def due(state: State, name: str) -> State:
    """The same saga when the clock reaches what this step waits for; ``""``: its deadline."""
    work = draft(state)
    if not name:
        work.deadline = NOW
    else:
        work.steps[name] = replace(state.steps[name], due=NOW)
    return work


def key(state: State) -> Key:
    """Equal for two sagas of one version in which the same would happen."""
    return (
        (state.mode, bool(state.parked), bool(state.deadline), bool(state.person_since)),
        (state.late, state.delegated, bool(state.parent), bool(state.repairs)),
        tuple((held.signal, held.step) for held in state.held),
        tuple(sorted((name, _step(step)) for name, step in state.steps.items())),
        tuple(sorted((section, _fields(data)) for section, data in state.data.items())),
        _fields(state.changed),
    )


def _step(step: StepState) -> Key:
    asked = (step.attempt, step.spent) if step.waits or step.phase == "stuck" else ()
    told = (step.phase, step.direction, step.round, step.settled)
    return (*told, step.stands, str(step.child), step.person, *asked)


def _fields(data: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(data))
