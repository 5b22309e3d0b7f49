"""A saga and the one that it has begun: what the two must agree about at the end. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.envelope import idempotency_key
from contracts.topics import REQUESTS
from orchestrator.engine.facts import Completed, Fact, Refused, Sent, Succeeded, Transition
from orchestrator.engine.state import State


@dataclass(frozen=True)
class Begun:
    """A child as its parent has asked for it."""

    step: str
    definition: str
    key: str
    input: Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """A saga at its end, and its log."""

    state: State
    history: Sequence[Transition]

    @property
    def facts(self) -> Iterator[Fact]:
        """All that its log holds."""
        return (fact for transition in self.history for fact in transition.facts)


def begun(saga: Told) -> dict[str, Begun]:
    """Every child by its request key; asked for once more it is the same one."""
    found: dict[str, Begun] = {}
    for fact in saga.facts:
        if isinstance(fact, Sent) and fact.topic == REQUESTS:
            state = saga.state
            key = idempotency_key(state.tenant, state.saga, fact.step, "do", fact.round)
            found.setdefault(key, Begun(fact.step, fact.command, key, fact.data))
    return found


def taken_back(parent: State, step: str) -> bool:
    """Whether what the child has done was undone by its parent."""
    stands = parent.steps[step]
    return stands.direction == "undo" and stands.phase == "done"


def disagreements(parent: Told, child: Told, asked: Begun) -> Iterator[str]:
    """What parent and child do not agree about."""
    waits = child.state.parent
    if waits is None or (waits.saga, waits.step) != (parent.state.saga, asked.step):
        yield f"it was begun by {waits}"
    yield from _ends(parent, child, asked.step)
    yield from _signals(parent.state, child.state)


def _ends(parent: Told, child: Told, step: str) -> Iterator[str]:
    result = next((fact.result for fact in child.facts if isinstance(fact, Completed)), None)
    heard = [fact for fact in parent.facts if _is_end(fact, step)]
    if len(heard) != 1:
        yield f"its parent has heard {len(heard)} ends of it"
    for fact in heard:
        if isinstance(fact, Succeeded) and fact.data != result:
            yield f"its parent heard {fact.data}, and it has said {result}"
        elif isinstance(fact, Refused) and (result is not None or fact.code != child.state.code):
            ended = f"{child.state.status} {child.state.code}"
            yield f"its parent heard {fact.code}, and it is {ended}"


def _is_end(fact: Fact, step: str) -> bool:
    return isinstance(fact, Succeeded | Refused) and fact.step == step and fact.direction == "do"


def _signals(parent: State, child: State) -> Iterator[str]:
    """What was handed on was decided by the child. A parent that has turned by itself meanwhile has
    refused what its child may still have applied.
    """
    for signal in parent.signals.keys() & child.signals.keys():
        applied, decided = not parent.signals[signal], not child.signals[signal]
        if applied and not decided:
            yield f"it has refused {signal}, and its parent has applied it"
        elif decided and not applied and parent.status == "completed":
            yield f"it has applied {signal}, and its parent has refused it"
