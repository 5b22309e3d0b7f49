"""The contracts that this program speaks: commands and events by where and as what they are sent.

A definition keeps of a contract only its name, its topic and the fields that it fills; whether what
is stored or on its way can still be read is for the contract itself to say.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from contracts.messages import Command, Event
from contracts.topics import commands_topic

Message = TypeVar("Message", bound=BaseModel)
Place = tuple[str, str]
"""Topic and type of a message."""


class Spoken(NamedTuple):
    """Contracts by topic and name; ``topics`` are those of which any command is known."""

    commands: dict[Place, type[Command]]
    events: dict[Place, type[Event]]

    @property
    def topics(self) -> set[str]:
        """The topics of which any command is known."""
        return {topic for topic, _ in self.commands}


def spoken() -> Spoken:
    """Every contract that has been imported: an application imports those of its sagas."""
    commands = {
        (commands_topic(one.service), one.__name__): one
        for one in _all(Command)
        if hasattr(one, "service")
    }
    events = {(one.topic, one.__name__): one for one in _all(Event) if hasattr(one, "topic")}
    return Spoken(commands, events)


def _all(kind: type[Message]) -> Iterator[type[Message]]:
    for one in kind.__subclasses__():
        yield one
        yield from _all(one)


def misread(
    contract: type[BaseModel], data: dict[str, object], known: Iterable[str] | None = None
) -> str:
    """Why the contract does not read this message, by its first wrong field; empty: it does.

    ``known``: only these fields are there yet, and the others are not looked at.
    """
    fields = None if known is None else set(known)
    try:
        contract.model_validate(data)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            place = one["loc"]
            if fields is None or (place and place[0] in fields):
                return f"{'.'.join(map(str, place)) or 'message'}: {one['msg']}"
    return ""


def carried(contract: type[Command]) -> set[str]:
    """The fields that the reply to this command always carries."""
    schema = contract.reply.model_json_schema(mode="serialization")
    return set(schema.get("required", ()))
