"""Every channel and message of the system, for FastStream's AsyncAPI page.

A broker that documents and never connects: it carries one publisher for each message the
orchestrator sends, one subscriber for each it reads. Contracts are known by what they declare
(``service`` and ``reply``: a command; ``topic`` and ``key``: an event), because no business
contract is imported here.
"""

from collections.abc import Iterable, Iterator
from inspect import getdoc, getmembers, isclass
from types import ModuleType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    NotRequired,
    Optional,
    get_args,
    get_origin,
)

from faststream.kafka import KafkaBroker
from pydantic import BaseModel, ConfigDict, Field, create_model
from typing_extensions import get_type_hints

from contracts import envelope, saga_events
from contracts.topics import DEAD_LETTERS, LOG, REPLIES, REQUESTS, commands_topic

DecimalText = Annotated[
    str, Field(pattern=r"^[0-9]{1,16}$", description="an integer below 2**53, as decimal text")
]
_OPEN: Final = ConfigDict(extra="allow")


class Channel(NamedTuple):
    """One message on one topic. ``received``: the orchestrator reads it; else it writes it."""

    topic: str
    message: str
    payload: type[BaseModel]
    about: str
    received: bool = False


class LogRecord(BaseModel):
    """A record of the log: a claim, a definition, or a transition with its facts."""

    model_config = _OPEN
    epoch: str


class DeadLetter(BaseModel):
    """Whatever could not be handled, byte for byte; the headers ``dlq-*`` tell whence and why."""

    model_config = _OPEN


def documented(modules: Iterable[ModuleType]) -> KafkaBroker:
    """The broker that carries every channel: the protocol's own, and those of these contracts."""
    broker = KafkaBroker(apply_types=False)
    for channel in channels(modules):
        title = f"{channel.topic}:{channel.message}"
        if channel.received:
            subscriber = broker.subscriber(channel.topic, title=title, description=channel.about)
            subscriber(_taking(channel.payload))
        else:
            broker.publisher(
                channel.topic, title=title, description=channel.about, schema=channel.payload
            )
    return broker


def channels(modules: Iterable[ModuleType]) -> list[Channel]:
    """Every message on every topic, each once."""
    found = [*_protocol(), *(each for module in modules for each in _business(module))]
    return list({(each.topic, each.message): each for each in found}.values())


def _protocol() -> Iterator[Channel]:
    """What the protocol itself says, whatever the business."""
    start = _message("SagaStart", envelope.Request, "saga.start", _shape(envelope.StartData))
    signal = _message("SagaSignal", envelope.Request, "saga.signal", _shape(envelope.SignalData))
    repair = _message("SagaRepair", envelope.Request, "saga.repair", _shape(envelope.RepairData))
    yield Channel(REQUESTS, "saga.start", start, "Start a saga: anybody may.", True)
    yield Channel(REQUESTS, "saga.signal", signal, "Tell a saga something: cancel.", True)
    yield Channel(REQUESTS, "saga.repair", repair, "An operator's decision.", True)
    fault = _shape(envelope.FaultData)
    for name, about in (
        ("Refused", "The service refused: definite, nothing happened."),
        ("Failed", "The attempt failed: its outcome is unknown."),
    ):
        reply = _message(f"Reply{name}", envelope.ReplyMessage, name, fault)
        yield Channel(REPLIES, name, reply, about, True)
    yield from _business(saga_events)
    yield Channel(LOG, "LogRecord", LogRecord, "The log of decisions; see docs/protocol.md.")
    yield Channel(DEAD_LETTERS, "DeadLetter", DeadLetter, "What could not be handled (law 8).")


def _business(module: ModuleType) -> Iterator[Channel]:
    for name, contract in _messages(module):
        about = getdoc(contract) or name
        service, reply = getattr(contract, "service", None), getattr(contract, "reply", None)
        topic, key = getattr(contract, "topic", None), getattr(contract, "key", None)
        if service is not None and reply is not None:
            command = _message(f"{name}Message", envelope.CommandMessage, name, contract)
            yield Channel(commands_topic(service), name, command, _with_refusals(about, contract))
            said = reply.__name__
            answer = _message(f"{said}Message", envelope.ReplyMessage, said, reply)
            yield Channel(REPLIES, said, answer, getdoc(reply) or said, True)
        elif topic is not None and key is not None:
            event = _message(f"{name}Message", envelope.EventMessage, name, contract)
            yield Channel(topic, name, event, about)


def _messages(module: ModuleType) -> Iterator[tuple[str, type[BaseModel]]]:
    """The models a module defines; what others there are built on is no message itself."""
    own = {
        name: found
        for name, found in getmembers(module, isclass)
        if found.__module__ == module.__name__ and issubclass(found, BaseModel)
    }
    for name, found in own.items():
        if not any(other is not found and issubclass(other, found) for other in own.values()):
            yield name, found


def _with_refusals(about: str, command: Any) -> str:
    told = ", ".join(f"{code} ({status})" for code, status in command.refusals.items())
    return f"{about} Refusals: {told}." if told else about


def _message(name: str, base: Any, kind: str, data: type[BaseModel]) -> type[BaseModel]:
    """The envelope with this type and this data, as it looks on the wire."""
    return _shape(base, name, type=(Literal[kind], ...), data=(data, ...))


def _shape(typed_dict: Any, name: str = "", **instead: Any) -> type[BaseModel]:
    """A model of one of the envelope's dicts; wide integers are decimal text on the wire."""
    fields: dict[str, Any] = {}
    for field, hint in get_type_hints(typed_dict, include_extras=True).items():
        optional = get_origin(hint) is NotRequired
        kind = get_args(hint)[0] if optional else hint
        kind = DecimalText if kind == envelope.Wide else kind
        fields[field] = (Optional[kind], None) if optional else (kind, ...)  # noqa: UP045
    return create_model(
        name or typed_dict.__name__, __doc__=getdoc(typed_dict), **{**fields, **instead}
    )


def _taking(payload: type[BaseModel]) -> Any:
    async def take(message: Any) -> None:  # pylint: disable=unused-argument
        """Documents what is read; nothing ever calls it."""

    take.__annotations__["message"] = payload
    return take
