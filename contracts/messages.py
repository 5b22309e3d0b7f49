"""Base classes for business contracts: what a command, reply or event declares beside its
fields.

A command names the service that takes it, the reply it is answered with, and every refusal it
may meet (code -> HTTP-like status). An event names its topic and the field that keys it.
Definitions, participants and the AsyncAPI page all read these declarations; nothing repeats
them.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A contract on the wire: immutable, JSON, unknown fields ignored so that a writer may be
    newer.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Reply(Message):
    """What a participant answers when a command succeeded."""


class Command(Message):
    """An order to one service; subclasses set ``service``, ``reply`` and ``refusals``."""

    service: ClassVar[str]
    reply: ClassVar[type[Reply]]
    refusals: ClassVar[dict[str, int]] = {}


class Event(Message):
    """A fact in the past tense; subclasses set ``topic`` and ``key`` (a field's name)."""

    topic: ClassVar[str]
    key: ClassVar[str]


class Signal(Message):
    """Something that a running saga may be told; subclasses set ``name``, and declare the fields
    that it carries beside who says it and why.
    """

    name: ClassVar[str]
