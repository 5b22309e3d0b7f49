"""One dead letter, read off a record of the dead-letter topic (law 8), and what is sent again of
it.

The same topic holds marks: a record without a value whose header ``dlq-redriven`` names the offset
of the letter, in the same partition, that was sent again. So every process knows it, and so does a
restarted one.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from contracts.topics import PARTITION_BITS
from infra.broker.types import ConsumedRecord, Record

PREFIX: Final = "dlq-"
REDRIVEN: Final = "dlq-redriven"


class Mark(msgspec.Struct, frozen=True):
    """Somebody sent the letter at ``offset`` again; ``nonce`` tells one attempt from another."""

    offset: int
    nonce: str
    by: str
    at: int


class Letter(msgspec.Struct, frozen=True):
    """A dead letter. ``topic`` is empty where it does not say whence it came; ``at`` in Unix ms."""

    id: int
    topic: str
    partition: int
    offset: int
    error: str
    at: int
    tenant: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    redriven: Mark | None = None

    def again(self) -> Record:
        """What was dead, as it was: key, value and headers, without what was noted about it."""
        kept = [(name, value) for name, value in self.headers if not name.startswith(PREFIX)]
        return Record(self.key, self.value, kept)


def letter_id(partition: int, offset: int) -> int:
    """The public id of the letter at this place: newer ones have higher ids."""
    return offset << PARTITION_BITS | partition


def place_of(letter: int) -> tuple[int, int]:
    """(partition, offset) of a letter's id."""
    return letter & (1 << PARTITION_BITS) - 1, letter >> PARTITION_BITS


def letter_of(record: ConsumedRecord, mark: Mark | None) -> Letter:
    """The letter in this record."""
    noted = dict(record.headers)  # of the same name twice, the last is ours
    return Letter(
        letter_id(record.partition, record.offset),
        _text(noted, "topic"),
        _number(noted, "partition", -1),
        _number(noted, "offset", -1),
        _text(noted, "error"),
        _number(noted, "at", record.timestamp),
        tenant_of(record.value),
        record.key,
        record.value,
        tuple(record.headers),
        mark,
    )


def mark_of(record: ConsumedRecord) -> Mark | None:
    """The mark in this record; None when it is a letter."""
    noted = dict(record.headers)
    if record.value is not None or REDRIVEN not in noted:
        return None
    offset = _number(noted, "redriven", -1)
    return Mark(offset, _text(noted, "nonce"), _text(noted, "by"), _number(noted, "at", 0))


def marking(mark: Mark) -> Record:
    """The record that a mark is written as."""
    noted = {"redriven": mark.offset, "nonce": mark.nonce, "by": mark.by, "at": mark.at}
    return Record(None, None, [(PREFIX + k, str(v).encode()) for k, v in noted.items()])


def tenant_of(value: bytes | None) -> int | None:
    """The tenant a raw message names; None when it cannot be read."""
    try:
        message: Any = json.loads(value or b"")
        return int(message["tenant"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _text(noted: Mapping[str, bytes], name: str) -> str:
    return noted.get(PREFIX + name, b"").decode("utf-8", "replace")


def _number(noted: Mapping[str, bytes], name: str, default: int) -> int:
    text = _text(noted, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else default
