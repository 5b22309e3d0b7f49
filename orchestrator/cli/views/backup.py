"""What was copied, and what was put back."""

import msgspec
from rich.text import Text

from orchestrator.admin.times import clock


class Copied(msgspec.Struct, frozen=True):
    """A copy of a saga log, and its size."""

    log: str
    file: str
    bytes: int


class Place(msgspec.Struct, frozen=True):
    """The last record that a copy holds of a partition; ``at`` in Unix milliseconds."""

    partition: int
    offset: int
    at: int


class Restored(msgspec.Struct, frozen=True):
    """A saga log that was made from a copy."""

    file: str
    log: str
    partitions: list[Place]


def copied_view(facts: Copied) -> Text:
    """The copy for a person."""
    return Text(f"{facts.log} is copied to {facts.file} ({facts.bytes} bytes, checked)")


def restored_view(facts: Restored) -> Text:
    """What was put back, for a person."""
    lines = [f"{facts.log} is made from {facts.file}"]
    lines += [
        f"  partition {place.partition}: up to offset {place.offset}, {clock(place.at)}"
        for place in facts.partitions
    ]
    lines.append("what came later is read from the topic when the orchestrator starts")
    return Text("\n".join(lines))
