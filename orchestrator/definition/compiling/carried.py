"""What a signal carries, and what a wait for it is answered with."""

from inspect import isclass
from typing import Final

from contracts.messages import Signal
from orchestrator.definition.compiling.contract import Contract, written
from orchestrator.definition.compiling.declarations import name_of
from orchestrator.definition.compiling.shapes import Shape
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.names import is_name

CANCEL: Final = "cancel"
"""The signal that every saga takes."""

_TEXT = Shape({"type": "string"}, {})

SAID: Final = {"by": _TEXT, "reason": _TEXT}
"""What every signal says, and every wait is answered with."""

ABOUT: Final = {**SAID, "id": _TEXT, "at": Shape({"type": "integer"}, {})}
"""Facts about every signal; ``at`` is in Unix milliseconds."""


def check_signal(place: str, signal: object) -> type[Signal]:
    """A signal's contract; raises DefinitionError unless it has a name and fields of its own."""
    if not (isclass(signal) and issubclass(signal, Signal)) or signal is Signal:
        raise DefinitionError(
            place,
            f"{name_of(signal)} is not a signal",
            "Name a class that derives from contracts.messages.Signal",
        )
    name: object = getattr(signal, "name", None)
    if not is_name(name):
        raise DefinitionError(
            place,
            f"the signal {signal.__name__} does not say what it is called",
            f'Write `name = "..."` in {signal.__name__}: lower case, digits and hyphens, '
            'such as "update-address"',
        )
    if name == CANCEL:
        raise DefinitionError(
            place,
            f"{signal.__name__} is called {CANCEL!r}, and that signal every saga takes anyway",
            f"Give {signal.__name__} another name",
        )
    taken = [field for field in carried(place, signal).fields if field in ABOUT]
    if taken:
        raise DefinitionError(
            place,
            f"the field {taken[0]!r} of {signal.__name__} is one that every signal has anyway",
            f"Leave it out of {signal.__name__}, or give it another name",
        )
    return signal


def carried(place: str, signal: type[Signal]) -> Contract:
    """The data of a signal. It is read by its contract before it is taken: its defaults are there,
    so every field is.
    """
    fields = written(place, signal).fields
    return Contract(signal.__name__, fields, frozenset(fields))


def answer(place: str, signal: type[Signal] | None) -> Contract:
    """What a wait is answered with: the data of its signal, who sent it and why."""
    if signal is None:
        return Contract("the end of the wait", SAID, frozenset(SAID))
    fields = {**carried(place, signal).fields, **SAID}
    return Contract(signal.__name__, fields, frozenset(fields))
