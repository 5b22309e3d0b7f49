"""A participant as its code declares it: handlers, database, books. It runs in a
``ParticipantRunner``.
"""

import inspect
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from contracts.messages import Command, Event, Reply
from services.participant.books import Books
from services.participant.errors import RegistrationError
from services.participant.running import Running
from services.participant.work import Work

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)
CommandFunction = Callable[[C, Work], Reply] | Callable[[C, Work], Awaitable[Reply]]
EventFunction = Callable[[E, Work], None] | Callable[[E, Work], Awaitable[None]]
Background = Callable[[Running], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class CommandHandler:
    """A function for one type of command; ``waits`` says that it is a coroutine function."""

    command: type[Command]
    function: Callable[[Any, Work], Any]
    waits: bool


@dataclass(frozen=True, slots=True)
class EventHandler:
    """A function for one type of event."""

    event: type[Event]
    function: Callable[[Any, Work], Any]
    waits: bool


def no_books(_db: sqlite3.Connection) -> Books:
    """The books of a service that keeps none."""
    return Books("no books", (), ())


class Participant:
    """A service that takes commands (and perhaps follows events) with exactly-once effects (DESIGN
    law 4).

    - ``name``: its commands come on the topic ``NAME.commands``; it is its consumer group too.
    - ``package``: the package that holds its numbered ``migrations``.
    - ``seed``: puts seed data (of whatever shape its own file has) into the database; must be
      harmless when repeated.
    - ``books``: what the service holds, and whether it adds up.
    """

    def __init__(
        self,
        name: str,
        *,
        package: str,
        seed: Callable[[sqlite3.Connection, Any], None] | None = None,
        books: Callable[[sqlite3.Connection], Books] = no_books,
    ) -> None:
        self.name = name
        self.package = package
        self.seed = seed
        self.books = books
        self.commands: dict[str, CommandHandler] = {}
        self.events: dict[tuple[str, str], EventHandler] = {}
        self.backgrounds: list[Background] = []

    @property
    def database(self) -> str:
        """The name of its database file in the folder of the services."""
        return f"{self.name}.db"

    @property
    def event_topics(self) -> list[str]:
        """The topics of events that it follows."""
        return sorted({topic for topic, _ in self.events})

    def handles(self, command: type[C]) -> Callable[[CommandFunction[C]], CommandFunction[C]]:
        """Register a function, sync or async, for a type of command; raises RegistrationError.

        It returns the command's reply, or raises ``Refusal`` with a code that the command declares.
        Anything else it raises is a failure: undone, not stored, and asked again by the
        orchestrator's policy. It may be called for a do as well as for an undo, and for the same
        business object by two sagas.

        Commands are handled one after another: a coroutine function that takes long keeps the
        others of its service waiting. It gets no longer than the command's deadline.
        """
        name = command.__name__
        if command.service != self.name:
            raise RegistrationError(f"{name} is a command to {command.service}, not to {self.name}")
        if name in self.commands:
            raise RegistrationError(f"{self.name} has a handler for {name} already")

        def register(function: CommandFunction[C]) -> CommandFunction[C]:
            waits = _check(function, name)
            self.commands[name] = CommandHandler(command, function, waits)
            return function

        return register

    def consumes(self, event: type[E]) -> Callable[[EventFunction[E]], EventFunction[E]]:
        """Register a function, sync or async, for a type of event; raises RegistrationError.

        It is called once for each event (by its CloudEvents source and id), in one transaction with
        what it writes. An event that it cannot handle goes to the dead letters.
        """
        key = (event.topic, event.__name__)
        if key in self.events:
            raise RegistrationError(f"{self.name} has a handler for {event.__name__} already")

        def register(function: EventFunction[E]) -> EventFunction[E]:
            waits = _check(function, event.__name__)
            self.events[key] = EventHandler(event, function, waits)
            return function

        return register

    def background(self, function: Background) -> Background:
        """Register a coroutine function to run as long as the participant does; it is cancelled at
        the stop.
        """
        self.backgrounds.append(function)
        return function


def _check(function: Callable[..., Any], name: str) -> bool:
    """Whether the handler is a coroutine function; raises RegistrationError when it takes other
    arguments.
    """
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        raise RegistrationError(
            f"the handler of {name} must take (message, work): {function!r}"
        ) from None
    return inspect.iscoroutinefunction(function)
