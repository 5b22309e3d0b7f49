"""Which states are alike: those of which the engine makes the same, whatever the input.

Left out are the times (``timeless``), the number of the transition, texts for people, the attempts
of steps that are settled, and the order in which things came. That the engine looks at none of it
is not believed but tried: every decision is also made for a twin in which all of it is different.
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from orchestrator.engine.evolve import draft
from orchestrator.engine.state import State, StepState

_encode = msgspec.msgpack.Encoder(order="sorted").encode
_ASKED: Final = ("sent", "pausing", "stuck")
"""The phases in which it matters which attempt it is."""


def essence(state: State) -> bytes:
    """What is left of a state: equal for two that are alike."""
    left = draft(state)
    left.number = left.started_at = left.updated_at = 0
    left.deadline, left.person_since = bool(state.deadline), bool(state.person_since)
    left.reason = state.reason and "because"
    left.signals = {signal: why and "because" for signal, why in state.signals.items()}
    left.undone = tuple(sorted(state.undone))
    left.steps = {name: _essence(step) for name, step in state.steps.items()}
    return _encode(left)


def twin_of(state: State) -> State:
    """A state that is alike, and different in everything that is left out but the times."""
    twin = draft(state)
    twin.number += 7
    twin.started_at, twin.updated_at = state.started_at - 11, state.updated_at + 13
    twin.reason = state.reason and f"{state.reason}, or another"
    twin.signals = {signal: why and f"{why}, or another" for signal, why in state.signals.items()}
    twin.undone = tuple(reversed(state.undone))
    twin.data = dict(reversed(state.data.items()))
    twin.steps = {name: _twin(step) for name, step in reversed(state.steps.items())}
    return twin


def _essence(step: StepState) -> StepState:
    attempt = step.attempt if step.phase in _ASKED else 0
    error = step.error and "error"
    return replace(step, due=bool(step.due), since=0, attempt=attempt, error=error)


def _twin(step: StepState) -> StepState:
    attempt = step.attempt if step.phase in _ASKED else step.attempt + 3
    error = step.error and f"{step.error}, or another"
    return replace(step, since=step.since + 5, attempt=attempt, error=error)
