"""Whether the classes that a definition names are contracts at all, and declare what they must."""

from collections.abc import Mapping
from inspect import isclass
from re import fullmatch
from typing import Final, cast

from pydantic import BaseModel

from contracts.messages import Command, Event, Reply
from contracts.topics import DEAD_LETTERS, EVENTS, LOG, REPLIES, REQUESTS
from orchestrator.definition.compiling.contract import object_of, schema_of, wanted
from orchestrator.definition.errors import DefinitionError

RESERVED_TOPICS: Final = (DEAD_LETTERS, EVENTS, LOG, REPLIES, REQUESTS)
RESERVED_CODES: Final = (
    "exception",
    "expired",
    "tombstoned",
    "no_answer",
    "cancelled",
    "deadline_exceeded",
)


def check_input(place: str, model: object) -> type[BaseModel]:
    """The input's contract; raises DefinitionError where it is no pydantic model of an object."""
    if isclass(model) and issubclass(model, BaseModel):
        schema = object_of(schema_of(place, model, "validation")).schema
        if schema.get("type") == "object":
            return model
    raise DefinitionError(
        place,
        f"the input {name_of(model)} is not a pydantic model of an object",
        "Write input=X with `class X(Message)` and its fields (contracts.messages.Message)",
    )


def check_command(place: str, command: object) -> type[Command]:
    """A command's contract; raises DefinitionError unless it names its service and its reply."""
    if not (isclass(command) and issubclass(command, Command)) or command is Command:
        raise DefinitionError(
            place,
            f"{name_of(command)} is not a command",
            "Name a class that derives from contracts.messages.Command",
        )
    service: object = getattr(command, "service", None)
    if not (isinstance(service, str) and fullmatch(r"[a-z][a-z0-9-]{0,99}", service)):
        raise DefinitionError(
            place,
            f"the command {command.__name__} does not say which service takes it",
            f'Write `service = "..."` in {command.__name__}: lower case, digits and hyphens',
        )
    reply: object = getattr(command, "reply", None)
    if not (isclass(reply) and issubclass(reply, Reply)):
        raise DefinitionError(
            place,
            f"the command {command.__name__} does not say what it is answered with",
            f"Write `reply = X` in {command.__name__}, derived from contracts.messages.Reply",
        )
    _check_refusals(place, command)
    return command


def _check_refusals(place: str, command: type[Command]) -> None:
    given: object = getattr(command, "refusals", None)
    entries = (
        cast("Mapping[object, object]", given).items()
        if isinstance(given, Mapping)
        else [(given, 0)]
    )
    for code, status in entries:
        if not isinstance(code, str) or not fullmatch(r"[a-z][a-z0-9_]{0,99}", code):
            problem = f"{code!r} is not a code"
        elif code in RESERVED_CODES:
            problem = (
                f"the code {code!r} means that nobody knows what happened, which is no refusal"
            )
        elif not isinstance(status, int) or isinstance(status, bool) or not 400 <= status <= 599:
            problem = f"{status!r} is not an HTTP-like status from 400 to 599"
        else:
            continue
        raise DefinitionError(
            place,
            f"the refusals of {command.__name__} are malformed: {problem}",
            'Write `refusals = {"out_of_stock": 409}`: a code in snake_case and its status',
        )


def check_event(place: str, event: object) -> type[Event]:
    """An event's contract; raises DefinitionError unless it names its topic and its key."""
    if not (isclass(event) and issubclass(event, Event)) or event is Event:
        raise DefinitionError(
            place,
            f"{name_of(event)} is not an event",
            "Name a class that derives from contracts.messages.Event",
        )
    topic: object = getattr(event, "topic", None)
    if not (isinstance(topic, str) and fullmatch(r"[A-Za-z0-9._-]{1,200}", topic)):
        raise DefinitionError(
            place,
            f"the event {event.__name__} does not say on which topic it appears",
            f'Write `topic = "..."` in {event.__name__}',
        )
    if topic in RESERVED_TOPICS or topic.endswith(".commands"):
        raise DefinitionError(
            place,
            f"the topic {topic} belongs to the orchestrator's own protocol",
            f"Write another topic in {event.__name__}, such as 'order.events'",
        )
    key: object = getattr(event, "key", None)
    if not (isinstance(key, str) and key in wanted(place, event).fields):
        raise DefinitionError(
            place,
            f"the event {event.__name__} has no key that is one of its fields",
            f'Write `key = "..."` in {event.__name__}: the field whose value keys it on {topic}',
        )
    return event


def check_result(place: str, contract: object) -> type[Reply]:
    """What a saga returns; raises DefinitionError unless it is the contract of a reply."""
    if not (isclass(contract) and issubclass(contract, Reply)) or contract is Reply:
        raise DefinitionError(
            place,
            f"it returns {name_of(contract)}, which is not a reply",
            "Name a class that derives from contracts.messages.Reply",
        )
    return contract


def name_of(thing: object) -> str:
    """What a person calls a thing that was given: a class by its name, anything else as written."""
    return thing.__name__ if isclass(thing) else repr(thing)
