"""Spans kept instead of exported."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from infra.telemetry import Finished


class Recorder:
    """See ``infra.telemetry.Spans``: samples what its traceparent says, remembers the rest."""

    def __init__(self) -> None:
        self.spans: list[Finished] = []
        self.open: list[str] = []

    def begins(self, trace_id: str) -> bool:
        """Every other trace."""
        return int(trace_id, 16) % 2 == 0

    def samples(self, traceparent: str) -> bool:
        """As the flag says."""
        return traceparent.endswith("01")

    @contextmanager
    def under(self, traceparent: str) -> Iterator[None]:
        """Remember under what the block runs."""
        self.open.append(traceparent)
        yield
        self.open.pop()

    def send(self, spans: Iterable[Finished]) -> None:
        """Keep them."""
        self.spans += spans

    def one(self, name: str) -> Finished:
        """The only span of that name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found
