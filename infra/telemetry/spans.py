"""Spans that are over, as values: what whoever makes spans needs to know, without OpenTelemetry.

A saga may last days and its orchestrator may crash in between, so no span is held open: whoever
knows that something is over makes its span, with the times at which it really began and ended, and
with the ids that the messages about it have carried all along (W3C ``traceparent``).
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

Kind = Literal["internal", "producer", "consumer"]
Value = str | bool | int | float | tuple[str, ...]
Attributes = Mapping[str, Value]


class Event(NamedTuple):
    """Something that happened during a span, at a time in Unix nanoseconds."""

    name: str
    at_ns: int
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Finished:
    """A span that is over; times are Unix nanoseconds.

    ``traceparent`` names the span itself, ``parent`` the one it belongs under ("": none). ``error``
    says in words what went wrong ("": nothing).
    """

    name: str
    kind: Kind
    traceparent: str
    parent: str
    start_ns: int
    end_ns: int
    attributes: Attributes
    error: str = ""
    events: tuple[Event, ...] = ()


class Spans(Protocol):
    """The spans of one role of a process: the orchestrator, or one service."""

    def begins(self, trace_id: str) -> bool:
        """Whether a trace that begins here, with this id (32 hexadecimal digits), is sampled."""
        raise NotImplementedError

    def samples(self, traceparent: str) -> bool:
        """Whether spans under this valid ``traceparent`` are sampled."""
        raise NotImplementedError

    def under(self, traceparent: str) -> AbstractContextManager[None]:
        """Spans that other code makes inside the block come under this valid ``traceparent``."""
        raise NotImplementedError

    def send(self, spans: Iterable[Finished]) -> None:
        """Hand them over for export, from any thread; never waits and never raises. When too many
        wait the oldest are dropped, which is logged.
        """
        raise NotImplementedError
