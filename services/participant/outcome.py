"""What one transaction made of a batch of records."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from infra.boundaries import Boundary
from infra.broker.types import ConsumedRecord, Record
from infra.clock import Clock
from infra.telemetry import Finished

Oldest = dict[int, int]
"""By partition of saga.log: the oldest saga of it that is open, as commands say."""


class Outgoing(NamedTuple):
    """A record to send because of another: where to, the record that caused it, and what sending
    it is called.
    """

    topic: str
    partition: int
    record: Record
    cause: ConsumedRecord
    boundary: Boundary


@dataclass(slots=True)
class Outcome:
    """Of the first ``taken`` records: what is to be sent, who is to be woken, how it went by name,
    the spans of it, what the commands said of open sagas, and how long each handler took (its
    message's type, seconds).
    """

    taken: int = 0
    outgoing: list[Outgoing] = field(default_factory=list[Outgoing])
    woken: set[Hashable] = field(default_factory=set[Hashable])
    counts: Counter[str] = field(default_factory=Counter[str])
    spans: list[Finished] = field(default_factory=list[Finished])
    oldest: Oldest = field(default_factory=Oldest)
    handled: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])

    def timing(self, kind: str, clock: Clock) -> "Timing":
        """Take down how long the block takes, for a message of this type; also when it raises."""
        return Timing(self, kind, clock)


class Timing:
    """The block of `Outcome.timing`: a class, for it is entered once a command."""

    __slots__ = ("_outcome", "_kind", "_clock", "_began")

    def __init__(self, outcome: Outcome, kind: str, clock: Clock) -> None:
        self._outcome = outcome
        self._kind = kind
        self._clock = clock
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = self._clock.monotonic()

    def __exit__(self, *_error: object) -> None:
        self._outcome.handled.append((self._kind, self._clock.monotonic() - self._began))
