"""The commands that the kit sends, as docs/protocol.md describes them. Pure."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from contracts.envelope import Direction, idempotency_key
from contracts.topics import partition_of_key

SOURCE = "saga-conformance"


@dataclass(frozen=True)
class Effect:
    """One step of one saga, and the number that its examples are filled with."""

    tenant: int
    saga: int
    step: str
    unique: int

    @property
    def key(self) -> bytes:
        """The key of its commands and replies."""
        return str(self.saga).encode()


@dataclass(frozen=True)
class Command:
    """One attempt of one round of one effect, in one direction.

    ``deadline`` is in Unix milliseconds; ``extra`` are optional attributes, and ones that no
    protocol names.
    """

    effect: Effect
    direction: Direction
    round: int
    attempt: int
    type: str
    data: dict[str, Any]
    deadline: int
    reply_topic: str
    reply_partition: int
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def idempotency_key(self) -> str:
        """The identity of the effect in this direction and round."""
        e = self.effect
        return idempotency_key(e.tenant, e.saga, e.step, self.direction, self.round)

    @property
    def id(self) -> str:
        """The identity of this attempt: what the reply's id must be."""
        return f"{self.idempotency_key}/{self.attempt}"

    def copied(self) -> dict[str, Any]:
        """The attributes that a reply must carry unchanged."""
        same: dict[str, Any] = {
            "tenant": str(self.effect.tenant),
            "saga": str(self.effect.saga),
            "step": self.effect.step,
            "direction": self.direction,
            "round": self.round,
            "attempt": self.attempt,
        }
        return same

    def message(self) -> dict[str, Any]:
        """The CloudEvent."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": SOURCE,
            "type": self.type,
            **self.copied(),
            "deadline": str(self.deadline),
            "idempotencykey": self.idempotency_key,
            "replytopic": self.reply_topic,
            "replypartition": self.reply_partition,
            "data": self.data,
            **self.extra,
        }

    def encoded(self) -> bytes:
        """The CloudEvent as it goes over Kafka."""
        return msgspec.json.encode(self.message())

    def partition(self, partitions: int) -> int:
        """Where it goes on the participant's topic."""
        return partition_of_key(self.effect.key, partitions)

    def __str__(self) -> str:
        return f"{self.direction} of round {self.round}, attempt {self.attempt}"
