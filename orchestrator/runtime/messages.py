"""What all messages of the orchestrator have in common."""

from hashlib import blake2b
from typing import Final, NamedTuple

from infra.boundaries import Boundary
from infra.broker.types import Record

SOURCE: Final = "orchestrator"


class Outgoing(NamedTuple):
    """One message: the topic without its prefix, the record, and where it goes.

    ``partition`` -1 leaves that to the documented hash of the record's key (DESIGN law 10).
    ``boundary`` names the sending of it."""

    topic: str
    record: Record
    boundary: Boundary
    partition: int = -1


class Refused(NamedTuple):
    """A start that did not become a saga: ``status`` is HTTP-like (404 or 422)."""

    tenant: int
    definition: str
    key: str
    request: str
    status: int
    code: str
    reason: str


def short(*parts: object) -> str:
    """32 hex digits that stand for these parts, for an id that has them in it but is short."""
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=16).hexdigest()
