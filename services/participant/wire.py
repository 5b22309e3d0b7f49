"""What a participant writes: replies to the orchestrator, and what it could not read to the dead
letters.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.envelope import HEADERS, CommandMessage
from contracts.messages import Command, Reply
from infra.broker.types import ConsumedRecord, Record
from services.participant.errors import Refusal
from services.participant.rules import Fault, Stored

MAX_REASON = 2_000
MAX_REPLY_BYTES = 64 * 1024
"""Largest data of a reply, in bytes of JSON: well below what the orchestrator's log takes (DESIGN
law 8).
"""

NOTHING_UNDONE = Stored("succeeded", "NothingToUndo", b"{}")
"""The answer to an undo whose do never happened, and the tombstone that stays behind (DESIGN law
5).
"""

_encode = msgspec.json.Encoder().encode


class _ReplyMessage(msgspec.Struct, omit_defaults=True, gc=False):
    """contracts.envelope.ReplyMessage as it is written: what may pass 32 bits as decimal text."""

    specversion: str
    id: str
    source: str
    type: str
    tenant: str
    saga: str
    step: str
    direction: str
    round: int
    attempt: int
    outcome: str
    data: msgspec.Raw
    traceparent: str = ""


def success(reply: Reply) -> Stored:
    """A handler's reply as it is stored; raises ValueError when it is too large."""
    data = reply.__pydantic_serializer__.to_json(reply)
    if len(data) > MAX_REPLY_BYTES:
        raise ValueError(f"the reply has {len(data)} bytes, at most {MAX_REPLY_BYTES} are allowed")
    return Stored("succeeded", type(reply).__name__, data)


def refused(refusal: Refusal, command: type[Command]) -> Stored:
    """A declared refusal as it is stored, with the status the command declares for its code."""
    status = command.refusals[refusal.code]
    data = {"code": refusal.code, "reason": refusal.reason[:MAX_REASON], "status": status}
    return Stored("refused", "Refused", _encode(data))


def reply_record(source: str, command: CommandMessage, answer: Stored | Fault) -> Record:
    """The reply to a command: what is stored, or a fault. Its id is the idempotency key and the
    attempt.
    """
    if isinstance(answer, Fault):
        data: Mapping[str, Any] = {"code": answer.code, "reason": answer.reason[:MAX_REASON]}
        outcome, name, body = "failed", "Failed", _encode(data)
    else:
        outcome, name, body = answer
    saga = str(command["saga"])
    message = _ReplyMessage(
        specversion="1.0",
        id=f"{command['idempotencykey']}/{command['attempt']}",
        source=source,
        type=name,
        tenant=str(command["tenant"]),
        saga=saga,
        step=command["step"],
        direction=command["direction"],
        round=command["round"],
        attempt=command["attempt"],
        outcome=outcome,
        data=msgspec.Raw(body),
        traceparent=command.get("traceparent", ""),
    )
    return Record(saga.encode(), _encode(message), HEADERS)


def dead_letter(record: ConsumedRecord, error: str, now_ms: int) -> Record:
    """A record that nobody could read or answer, raw, with where it came from and why (DESIGN law
    8).
    """
    headers = [
        *record.headers,
        ("dlq-topic", record.topic.encode()),
        ("dlq-partition", str(record.partition).encode()),
        ("dlq-offset", str(record.offset).encode()),
        ("dlq-error", error[:MAX_REASON].encode()),
        ("dlq-at", str(now_ms).encode()),
    ]
    return Record(record.key, record.value, headers)
