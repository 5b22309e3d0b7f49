"""The envelope: CloudEvents 1.0 in structured JSON mode, one description for every message.

Each kind of message is a pydantic ``TypedDict``: validated at Rust speed into a plain dict,
which is what the engine works on. Extension attributes follow CloudEvents' rules (lower case,
no separators). Integers that may pass 32 bits (saga ids, milliseconds) are decimal strings on
the wire, as CloudEvents has no larger integer, and ``int`` in here.

Sources: CloudEvents 1.0.2 (structured content mode, Kafka binding), DESIGN laws 4, 5, 8 and 10.
"""

from typing import Annotated, Any, Final, Literal, NotRequired, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

CONTENT_TYPE: Final = b"application/cloudevents+json; charset=UTF-8"
HEADERS: Final = [("content-type", CONTENT_TYPE)]

T = TypeVar("T")

Direction = Literal["do", "undo"]
Outcome = Literal["succeeded", "refused", "failed", "answered"]
Key = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Wide = Annotated[int, Field(ge=0, lt=2**53)]
Version = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""Of a definition: the first digits of the hash of what it says."""


class MalformedMessage(Exception):
    """A message does not follow the protocol; the text says where and why."""


class Request(TypedDict):
    """To the orchestrator, on ``saga.requests``: start a saga, tell it something, or repair it.

    ``type`` is ``saga.start`` (``data``: StartData), ``saga.signal`` (``data``: SignalData),
    ``saga.repair`` (``data``: RepairData) or ``saga.move`` (``data``: MoveData). A signal names its
    saga, or the ``requestkey`` of its start and, in its data, the definition. About no saga, and
    sent to every partition, are ``saga.define`` (``data``: DefineData) and ``saga.rollout``
    (``data``: RolloutData).
    """

    specversion: Literal["1.0"]
    id: Key
    source: Key
    type: Literal[
        "saga.start", "saga.signal", "saga.repair", "saga.move", "saga.define", "saga.rollout"
    ]
    tenant: Wide
    requestkey: NotRequired[Key]
    saga: NotRequired[Wide]
    traceparent: NotRequired[str]
    data: dict[str, Any]


class ParentData(TypedDict):
    """The saga that begins a child: which step of it, in which round, waits for the end; ``until``
    (Unix milliseconds) is the deadline that the child keeps for it.
    """

    saga: Wide
    step: Name
    round: Annotated[int, Field(ge=1)]
    until: NotRequired[Wide]


class StartData(TypedDict):
    """What a start asks for: a definition by name and its input; ``parent`` where it is a child."""

    definition: Name
    input: dict[str, Any]
    parent: NotRequired[ParentData]


class SignalData(TypedDict):
    """What a running saga is told, and the fields of the signal's contract in ``data``.

    Every saga takes ``cancel``, which needs a reason, until there is no way back. ``definition``
    stands beside a request key where the sender does not know the saga's id.
    """

    signal: Name
    reason: Annotated[str, Field(max_length=1000)]
    by: Annotated[str, Field(min_length=1, max_length=200)]
    definition: NotRequired[Name]
    data: NotRequired[dict[str, Any]]


class RepairData(TypedDict):
    """What an operator asks for (DESIGN law 7)."""

    action: Literal["retry", "skip", "resume"]
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    by: Annotated[str, Field(min_length=1, max_length=200)]
    step: NotRequired[Name]


class MoveData(TypedDict):
    """That a saga is to go on by another version of its definition, which its partition knows."""

    version: Version
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    by: Annotated[str, Field(min_length=1, max_length=200)]


class DefineData(TypedDict):
    """A definition that a partition is to know, whether or not its owner's program has it."""

    definition: dict[str, Any]


class RolloutData(TypedDict):
    """Which version new sagas of a definition get: ``version`` for ``share`` hundredths of a
    percent of all starts, and for these request keys and tenants, ``base`` for the others; ``off``:
    that of whichever program decides. The rule with the latest ``at`` (Unix milliseconds) is in
    force.
    """

    definition: Name
    at: Wide
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    by: Annotated[str, Field(min_length=1, max_length=200)]
    base: NotRequired[Version]
    version: NotRequired[Version]
    share: NotRequired[Annotated[int, Field(ge=0, le=10_000)]]
    keys: NotRequired[Annotated[list[Key], Field(max_length=1_000)]]
    tenants: NotRequired[Annotated[list[Wide], Field(max_length=1_000)]]
    off: NotRequired[bool]


class CommandMessage(TypedDict):
    """From the orchestrator to a participant, on ``NAME.commands``.

    ``deadline`` is in Unix milliseconds. The reply goes to ``replytopic`` and ``replypartition``.
    ``oldest`` is the oldest open saga of those whose replies go there: sagas before it (a smaller
    id, the same last ten bits) have ended, and send no command any more. ``child``: what this undo
    is to undo was done by a saga of that name, not by a participant.
    """

    specversion: Literal["1.0"]
    id: Key
    source: Key
    type: Name
    tenant: Wide
    saga: Wide
    step: Name
    direction: Direction
    round: Annotated[int, Field(ge=1)]
    attempt: Annotated[int, Field(ge=1)]
    deadline: Wide
    idempotencykey: Key
    replytopic: Key
    replypartition: Annotated[int, Field(ge=0)]
    oldest: NotRequired[Wide]
    child: NotRequired[Name]
    traceparent: NotRequired[str]
    data: dict[str, Any]


class ReplyMessage(TypedDict):
    """From a participant to the orchestrator, on ``saga.replies``.

    ``outcome`` decides; ``data`` is the reply's contract when it succeeded, else a FaultData. The
    end of a child saga names the signals that it has ``applied``: the answer to one may be lost.
    """

    specversion: Literal["1.0"]
    id: Key
    source: Key
    type: Name
    tenant: Wide
    saga: Wide
    step: Name
    direction: Direction
    round: Annotated[int, Field(ge=1)]
    attempt: Annotated[int, Field(ge=1)]
    outcome: Outcome
    applied: NotRequired[list[Key]]
    traceparent: NotRequired[str]
    data: dict[str, Any]


class FaultData(TypedDict):
    """Why a command was refused or failed: a code for programs, a reason for people, an
    HTTP-like status.
    """

    code: Name
    reason: Annotated[str, Field(max_length=2000)]
    status: NotRequired[int]


class EventMessage(TypedDict):
    """A fact, on ``saga.events`` or a topic of the business; ``time`` is RFC 3339."""

    specversion: Literal["1.0"]
    id: Key
    source: Key
    type: Name
    time: NotRequired[str]
    tenant: Wide
    saga: NotRequired[Wide]
    requestkey: NotRequired[Key]
    traceparent: NotRequired[str]
    data: dict[str, Any]


REQUEST: Final[TypeAdapter[Request]] = TypeAdapter(Request)
START: Final[TypeAdapter[StartData]] = TypeAdapter(StartData)
SIGNAL: Final[TypeAdapter[SignalData]] = TypeAdapter(SignalData)
REPAIR: Final[TypeAdapter[RepairData]] = TypeAdapter(RepairData)
MOVE: Final[TypeAdapter[MoveData]] = TypeAdapter(MoveData)
DEFINE: Final[TypeAdapter[DefineData]] = TypeAdapter(DefineData)
ROLLOUT: Final[TypeAdapter[RolloutData]] = TypeAdapter(RolloutData)
COMMAND: Final[TypeAdapter[CommandMessage]] = TypeAdapter(CommandMessage)
REPLY: Final[TypeAdapter[ReplyMessage]] = TypeAdapter(ReplyMessage)
EVENT: Final[TypeAdapter[EventMessage]] = TypeAdapter(EventMessage)


def decode(kind: TypeAdapter[T], raw: bytes | None) -> T:
    """Read one message of the given kind; raises MalformedMessage naming the first wrong place."""
    if raw is None:
        raise MalformedMessage("an empty message (a Kafka tombstone)")
    try:
        return kind.validate_json(raw)
    except ValidationError as error:
        raise MalformedMessage(explain(error)) from error


def explain(error: ValidationError) -> str:
    """The first problem of a validation error in one line: where, and what is wrong there."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "message"
    return f"{place}: {first['msg']}"


def idempotency_key(tenant: int, saga: int, step: str, direction: Direction, number: int) -> str:
    """The identity of one effect (DESIGN law 4): attempts of a round share it."""
    return f"{tenant}/{saga}/{step}/{direction}/{number}"
