"""What a participant answered, and to which command. Pure.

A wrong answer must still be recognised as one, so an answer belongs to a command when its id *or*
its attributes say so.
"""

from dataclasses import dataclass
from typing import Any, cast

import msgspec

from infra.broker.types import ConsumedRecord
from orchestrator.conformance.commands import Command


@dataclass(frozen=True)
class Answer:
    """A record that the participant wrote; ``message`` is empty when it is no JSON object."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    message: dict[str, Any]

    @property
    def outcome(self) -> object:
        return self.message.get("outcome")

    @property
    def data(self) -> dict[str, Any]:
        """Its data; empty when that is no object."""
        data = self.message.get("data")
        return cast(dict[str, Any], data) if isinstance(data, dict) else {}

    @property
    def code(self) -> object:
        return self.data.get("code")

    def __str__(self) -> str:
        if self.outcome == "succeeded":
            return f"succeeded, {self.message.get('type')} {short(self.data)}"
        return f"{self.outcome}, code {self.code}"


def read(record: ConsumedRecord) -> Answer:
    """The record as an answer, whatever it is."""
    try:
        found: Any = msgspec.json.decode(record.value or b"")
    except msgspec.DecodeError:
        found = None
    message = cast(dict[str, Any], found) if isinstance(found, dict) else {}
    headers = tuple((name, bytes(value)) for name, value in record.headers)
    return Answer(record.topic, record.partition, record.key, record.value, headers, message)


def answers(answer: Answer, command: Command) -> bool:
    """Whether it answers this command, by its id or by its attributes."""
    message = answer.message
    if message.get("id") == command.id:
        return True
    return all(str(message.get(n)) == str(v) for n, v in command.copied().items())


def about(answer: Answer, command: Command) -> bool:
    """Whether it is about the same effect, though no answer to this very command."""
    effect = command.effect
    same = (str(effect.saga), effect.step)
    return (str(answer.message.get("saga")), answer.message.get("step")) == same


def short(value: object) -> str:
    """A value as JSON, cut to a line."""
    text = msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= 200 else f"{text[:197]}..."
