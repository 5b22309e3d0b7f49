"""What was made again, and from what."""

import msgspec
from rich.text import Text

SHOWN = 5
"""Skipped records that are told to a person; a program gets them all."""


class Skipped(msgspec.Struct, frozen=True):
    """A record that does not count, and why."""

    partition: int
    offset: int
    why: str


class Rebuilt(msgspec.Struct, frozen=True):
    """A file that was made from a topic; ``sagas`` counts them by status."""

    file: str
    topic: str
    partitions: int
    transitions: int
    sagas: dict[str, int]
    skipped: list[Skipped]


class Filled(msgspec.Struct, frozen=True):
    """A partition, and the offset of its last record now."""

    partition: int
    offset: int


class Refilled(msgspec.Struct, frozen=True):
    """A topic that holds again what the file holds."""

    topic: str
    partitions: list[Filled]


def refilled_view(facts: Refilled) -> Text:
    """The filled topic for a person."""
    lines = [f"{facts.topic} holds what the file holds; what was under way is sent again"]
    lines += [f"  partition {p.partition}: up to offset {p.offset}" for p in facts.partitions]
    return Text("\n".join([*lines, "now start the orchestrators"]))


def rebuilt_view(facts: Rebuilt) -> Text:
    """The rebuilt file for a person."""
    lines = [
        f"{facts.file} is made again from {facts.topic}",
        f"{facts.partitions} partitions, {facts.transitions} transitions, {sagas(facts.sagas)}",
    ]
    if facts.skipped:
        lines.append(f"{len(facts.skipped)} records do not count (stragglers, or none of ours):")
    lines += [
        f"  partition {s.partition} offset {s.offset}: {s.why}" for s in facts.skipped[:SHOWN]
    ]
    if len(facts.skipped) > SHOWN:
        lines.append("  ... (all of them: --json)")
    return Text("\n".join(lines))


def sagas(counts: dict[str, int]) -> str:
    """How many sagas, by status."""
    each = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"{sum(counts.values())} sagas" + (f" ({each})" if each else "")
