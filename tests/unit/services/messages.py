"""Commands, events and replies as they are on the wire, for tests of participants."""

import json
from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import REPLY, ReplyMessage, decode, idempotency_key

NOW = 1_700_000_000_000
TOPIC = "test.commands"


@dataclass
class Consumed:
    """A record as a consumer reads it."""

    value: bytes | None
    topic: str = TOPIC
    partition: int = 0
    offset: int = 0
    key: bytes | None = None
    timestamp: int = NOW
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def command(
    kind: str, data: dict[str, Any], *, replytopic: str = "saga.replies", **changes: Any
) -> bytes:
    """A command: attempt 1 of the do of round 1 of step ``step``, unless told otherwise."""
    message = {
        "specversion": "1.0",
        "source": "orchestrator",
        "type": kind,
        "tenant": "1",
        "saga": "1024",
        "step": "step",
        "direction": "do",
        "round": 1,
        "attempt": 1,
        "deadline": str(NOW + 10_000),
        "replytopic": replytopic,
        "replypartition": 0,
        "data": data,
        **changes,
    }
    message["idempotencykey"] = idempotency_key(
        int(message["tenant"]),
        int(message["saga"]),
        message["step"],
        message["direction"],
        message["round"],
    )
    message["id"] = f"{message['idempotencykey']}/{message['attempt']}"
    return json.dumps(message).encode()


def event(kind: str, data: dict[str, Any], **changes: Any) -> bytes:
    """An event of tenant 1."""
    message = {
        "specversion": "1.0",
        "id": "event-1",
        "source": "orchestrator",
        "type": kind,
        "tenant": "1",
        "data": data,
        **changes,
    }
    return json.dumps(message).encode()


def reply(raw: bytes | None) -> ReplyMessage:
    """A reply, checked against the protocol."""
    return decode(REPLY, raw)
