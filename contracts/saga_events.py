"""What the orchestrator tells of every saga, on ``saga.events``, whatever its business is.

Keyed by the request key of the saga's start, which stands in the envelope (``requestkey``).
"""

from typing import Any, Literal

from pydantic import Field

from contracts.messages import Event, Message
from contracts.topics import EVENTS


class SagaEvent(Event):
    """A fact about one saga; ``definition`` names what it is one of."""

    topic = EVENTS
    key = "requestkey"

    definition: str


class SagaCompleted(SagaEvent):
    """The saga has ended: everything was done."""

    version: str


class SagaFailed(SagaEvent):
    """The saga has ended, and nothing is left of what it did: why, and what was undone."""

    version: str
    code: str
    reason: str
    status: int
    undone: list[str]
    skipped: list[str]


class SagaNeedsOperator(SagaEvent):
    """The saga waits for a person: which step, in which direction, and the cause."""

    version: str
    step: str
    direction: str
    cause: str


class SagaRefused(SagaEvent):
    """A start was refused and there is no saga: unknown definition, invalid input, a used key."""

    code: str
    reason: str
    status: int


class SagaSignalled(SagaEvent):
    """The saga was told something: it was applied, refused (``why``), or is held until the step
    that it concerns has settled. ``data`` is what it carried; of one that is refused that is not
    kept.
    """

    signal: str
    id: str
    outcome: Literal["applied", "refused", "held"]
    why: str
    by: str
    reason: str
    data: dict[str, Any] = Field(default_factory=dict)


class Move(Message):
    """A step has moved; ``round`` and ``attempt`` are those of a command, else 0."""

    step: str
    direction: Literal["do", "undo"]
    phase: Literal["sent", "waiting", "done", "refused", "unknown", "stuck", "skipped", "undone"]
    round: int
    attempt: int


class SagaProgressed(SagaEvent):
    """Steps of the saga have moved, in this order, by one decision; told where its definition says
    so. ``parent`` is the saga that began this one, 0 where nobody did.
    """

    moves: list[Move]
    parent: int


class SagaTurned(SagaEvent):
    """Nothing more is begun, and what was done is undone once what is in flight has settled: why,
    in the words with which the saga will have failed. Told where its moves are told; ``parent`` is
    as there.
    """

    code: str
    reason: str
    status: int
    parent: int


class SagaRepaired(SagaEvent):
    """A person has decided how a saga goes on that stood still: a step is tried again or written
    off, or everything that stands still goes on (``resume``, which names no step). Told where its
    moves are told; ``parent`` is as there.
    """

    action: Literal["retry", "skip", "resume"]
    step: str
    direction: Literal["do", "undo"]
    by: str
    reason: str
    parent: int


class SagaMoved(SagaEvent):
    """A person has decided that the saga goes on by another version of its definition. Told where
    its moves are told; ``parent`` is as there.
    """

    version: str
    by: str
    reason: str
    parent: int


class SagaLate(SagaEvent):
    """The deadline has passed where there is no way back any more: ``committed`` names the step."""

    committed: str
