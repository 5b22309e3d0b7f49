"""How large records become in a batch; sizes are checked before anything is sent (law 8)."""

from collections.abc import Sequence

from infra.broker.types import Record

MAX_BATCH_BYTES = 1_000_000
"""Largest batch in bytes; Kafka's default `message.max.bytes` is 1,048,588."""
BATCH_OVERHEAD = 61
RECORD_OVERHEAD = 32  # length, attributes, timestamp, offset and the counts, at their largest


def records_size(records: Sequence[Record]) -> int:
    """Upper bound, in bytes, of what these records take in a batch (Kafka record format v2).

    The caller's check of an encoded decision (law 8) against `MAX_BATCH_BYTES` uses the same sum.
    """
    total = 0
    for key, value, headers, _ in records:
        total += RECORD_OVERHEAD + (len(key) if key else 0) + (len(value) if value else 0)
        for name, content in headers:
            # a character is at most four bytes of UTF-8; two lengths of at most five bytes
            total += 4 * len(name) + len(content) + 10
    return total
