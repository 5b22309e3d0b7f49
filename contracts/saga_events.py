"""What the orchestrator tells of every saga, on ``saga.events``, whatever its business is.

Keyed by the request key of the saga's start, which stands in the envelope (``requestkey``).
"""

from contracts.messages import Event
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
