"""A saga as written, before it is compiled: what the words of steps.py and signals.py give.

Durations are seconds or ``timedelta``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from contracts.messages import Command, Event, Signal
from orchestrator.definition.compiled import Saga
from orchestrator.definition.nodes import Kind

Duration = float | timedelta
Fields = Mapping[str, str]

FOREVER: Final = 0
"""As the attempts of a retry policy: ask again without end."""

TIMEOUT: Final = timedelta(seconds=10)


@dataclass(frozen=True)
class RetryPolicy:
    """When a command without an answer is sent again: capped exponential backoff.

    ``attempts`` in all (FOREVER: without end), ``initial`` and ``maximum`` pause, each pause
    ``coefficient`` times the one before. What is left out is the default of the step's kind: 3
    attempts, 1 s to 10 s, doubling, for steps that may be given up (read, compensatable); 100
    attempts, 1 s to 60 s for those that must work (pivot, retriable and every undo). Then an
    operator is called (DESIGN law 7).
    """

    attempts: int | None = None
    initial: Duration | None = None
    maximum: Duration | None = None
    coefficient: float | None = None


USUAL: Final = RetryPolicy()
"""The default of the step's kind."""


@dataclass(frozen=True)
class Undo:
    """The command that undoes a step, where more has to be said than its name."""

    command: type[Command]
    fields: Fields = field(default_factory=dict[str, str])
    timeout: Duration = TIMEOUT
    retry: RetryPolicy = USUAL


@dataclass(frozen=True)
class EventSpec:
    """An event of the business with an explicit mapping of its fields."""

    event: type[Event]
    fields: Fields = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class StepSpec:
    """A step as written."""

    name: str
    kind: Kind
    command: type[Command]
    undo: Undo | None
    fields: Fields
    timeout: Duration
    retry: RetryPolicy


@dataclass(frozen=True)
class ParallelSpec:
    """Branches as written; each is a sequence."""

    branches: tuple["Spec | tuple[Spec, ...]", ...]


@dataclass(frozen=True)
class WaitSpec:
    """A wait as written; ``signal`` None: only time counts."""

    name: str
    signal: type[Signal] | None
    timeout: Duration
    expires: str | None
    accepts: str
    data: Mapping[str, object] | None
    person: bool


@dataclass(frozen=True)
class ChildSpec:
    """Another saga as a step, as written."""

    name: str
    saga: Saga
    fields: Fields
    undo: Undo | None
    timeout: Duration


@dataclass(frozen=True)
class ChangeSpec:
    """A signal that changes the input, as written; ``fields`` None: those of the same name."""

    signal: type[Signal]
    fields: Fields | None
    redo: str
    tells: "Events"


Events = type[Event] | EventSpec | Sequence[type[Event] | EventSpec]
Spec = StepSpec | ParallelSpec | WaitSpec | ChildSpec
Branch = Spec | tuple[Spec, ...]
