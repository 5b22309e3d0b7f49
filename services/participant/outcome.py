"""What one transaction made of a batch of records."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from infra.boundaries import Boundary
from infra.broker.types import ConsumedRecord, Record
from infra.telemetry import Finished


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
    and the spans of it.
    """

    taken: int = 0
    outgoing: list[Outgoing] = field(default_factory=list[Outgoing])
    woken: set[Hashable] = field(default_factory=set[Hashable])
    counts: Counter[str] = field(default_factory=Counter[str])
    spans: list[Finished] = field(default_factory=list[Finished])
