"""Names of the topics, and which partition a thing belongs to (DESIGN law 10).

Nobody relies on a client's own partitioner: a start goes to ``partition_of_start``, everything
else of a saga to the partition that its id names.
"""

from typing import Final
from zlib import crc32

REQUESTS: Final = "saga.requests"
REPLIES: Final = "saga.replies"
LOG: Final = "saga.log"
EVENTS: Final = "saga.events"
DEAD_LETTERS: Final = "saga.dead-letters"

DEFAULT_TENANT: Final = 1
PARTITION_BITS: Final = 10


def commands_topic(service: str) -> str:
    """The topic on which the service takes its commands: ``payment`` -> ``payment.commands``."""
    return f"{service}.commands"


def partition_of_start(tenant: int, definition: str, key: str, partitions: int) -> int:
    """The partition of saga.requests for a start: CRC-32 of ``tenant NUL definition NUL key``,
    modulo.
    """
    return crc32(f"{tenant}\0{definition}\0{key}".encode()) % partitions


def partition_of_key(key: bytes, partitions: int) -> int:
    """The partition for a keyed command or event: CRC-32 of the key, modulo."""
    return crc32(key) % partitions


def saga_id(sequence: int, partition: int) -> int:
    """Mint a saga id that names its partition; below 2**53 for sequences below 2**43."""
    return sequence << PARTITION_BITS | partition


def partition_of_saga(saga: int) -> int:
    """The partition that the owner of this saga reads and logs to."""
    return saga & (1 << PARTITION_BITS) - 1
