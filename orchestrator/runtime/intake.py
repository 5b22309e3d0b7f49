"""Reads what arrives on saga.requests and saga.replies; what cannot be read raises
MalformedMessage.

Sizes are limited here, well below what the log takes of one decision (DESIGN law 8).
"""

from typing import Final

from pydantic import TypeAdapter, ValidationError

from contracts.envelope import (
    DEFINE,
    MOVE,
    REPAIR,
    REPLY,
    REQUEST,
    ROLLOUT,
    SIGNAL,
    START,
    DefineData,
    MalformedMessage,
    MoveData,
    RepairData,
    ReplyMessage,
    Request,
    SignalData,
    StartData,
    T,
    decode,
    explain,
)
from infra.broker.types import ConsumedRecord
from orchestrator.engine.inputs import Move, Repair, Reply, Signal
from orchestrator.engine.rollouts import Rollout
from orchestrator.engine.signals import CANCEL

MAX_INPUT_BYTES: Final = 128 * 1024


def read_request(record: ConsumedRecord) -> Request:
    """A request; raises MalformedMessage."""
    _limit(record)
    return decode(REQUEST, record.value)


def read_reply(record: ConsumedRecord) -> ReplyMessage:
    """A reply; raises MalformedMessage."""
    _limit(record)
    return decode(REPLY, record.value)


def start_of(request: Request) -> tuple[str, StartData]:
    """Request key and body of a ``saga.start``; raises MalformedMessage."""
    key = request.get("requestkey")
    if key is None:
        raise MalformedMessage("requestkey: a start needs one")
    return key, _body(START, request)


def repair_of(request: Request) -> tuple[int, RepairData]:
    """Saga and body of a ``saga.repair``; raises MalformedMessage."""
    saga = request.get("saga")
    if saga is None:
        raise MalformedMessage("saga: a repair names one")
    return saga, _body(REPAIR, request)


def repair_input(request: Request, body: RepairData, at: int) -> Repair:
    """What the engine is told."""
    step = body.get("step", "")
    return Repair(request["id"], at, body["action"], step, body["reason"], body["by"])


def signal_of(request: Request) -> tuple[int | None, SignalData]:
    """Saga and body of a ``saga.signal``; None where it names the saga by its request key. Raises
    MalformedMessage.
    """
    saga, body = request.get("saga"), _body(SIGNAL, request)
    if saga is None and not (request.get("requestkey") and body.get("definition")):
        raise MalformedMessage("saga: a signal names one, or a requestkey and a definition")
    if body["signal"] == CANCEL and not body["reason"]:
        raise MalformedMessage("data.reason: a cancel needs one")
    return saga, body


def signal_input(request: Request, body: SignalData, at: int) -> Signal:
    """What the engine is told."""
    data = body.get("data", {})
    return Signal(request["id"], at, body["signal"], body["reason"], body["by"], data)


def move_of(request: Request) -> tuple[int, MoveData]:
    """Saga and body of a ``saga.move``; raises MalformedMessage."""
    saga = request.get("saga")
    if saga is None:
        raise MalformedMessage("saga: a move names one")
    return saga, _body(MOVE, request)


def move_input(request: Request, body: MoveData, at: int) -> Move:
    """What the engine is told."""
    return Move(request["id"], at, body["version"], body["reason"], body["by"])


def define_of(request: Request) -> DefineData:
    """Body of a ``saga.define``; raises MalformedMessage."""
    return _body(DEFINE, request)


def rollout_of(request: Request) -> Rollout:
    """What a ``saga.rollout`` asks for; raises MalformedMessage."""
    body = _body(ROLLOUT, request)
    off = body.get("off", False)
    if not off and not (body.get("base") and body.get("version")):
        raise MalformedMessage("data: a rollout names its base and its version")
    return Rollout(
        body["definition"],
        request["id"],
        body["at"],
        body["by"],
        body["reason"],
        body.get("base", ""),
        body.get("version", ""),
        body.get("share", 0),
        tuple(body.get("keys", ())),
        tuple(body.get("tenants", ())),
        off,
    )


def reply_input(reply: ReplyMessage, at: int) -> Reply:
    """What the engine is told."""
    return Reply(
        reply["id"],
        at,
        reply["step"],
        reply["direction"],
        reply["round"],
        reply["attempt"],
        reply["outcome"],
        reply["data"],
        tuple(reply.get("applied", ())),
    )


def _body(kind: TypeAdapter[T], request: Request) -> T:
    try:
        return kind.validate_python(request["data"])
    except ValidationError as error:
        raise MalformedMessage(f"data.{explain(error)}") from error


def _limit(record: ConsumedRecord) -> None:
    size = len(record.value or b"")
    if size > MAX_INPUT_BYTES:
        raise MalformedMessage(f"{size} bytes; a message here has at most {MAX_INPUT_BYTES}")
