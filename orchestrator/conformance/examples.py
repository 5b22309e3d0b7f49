"""The example commands of a participant: what the kit says to it, in the words of its business.

A JSON file: ``do``, and where there is one, ``undo`` and ``refused`` (a do that the business
refuses). Each has a ``type`` and its ``data``; ``{{unique}}`` in it stands for a whole number that
is the same in all commands of one effect and in those of no other.
"""

from pathlib import Path
from typing import Any, Final, cast

import msgspec

from orchestrator.conformance.errors import WrongExamples

PLACEHOLDER: Final = "{{unique}}"


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command: its type and its data with placeholders."""

    type: str
    data: dict[str, Any]

    def filled(self, unique: int) -> dict[str, Any]:
        """The data with this number: an integer where the placeholder is all, else in a text."""
        return cast(dict[str, Any], _fill(self.data, unique))


class Examples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a participant can be asked; without ``do`` little can be examined."""

    do: Example | None = None
    undo: Example | None = None
    refused: Example | None = None
    tenant: int = 1

    @property
    def given(self) -> frozenset[str]:
        """Which of the three there are."""
        return frozenset(n for n in ("do", "undo", "refused") if getattr(self, n) is not None)


def load(path: Path) -> Examples:
    """Read the file; raises WrongExamples with the place and the reason."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Examples)
    except OSError as error:
        raise WrongExamples(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise WrongExamples(f"{path}: {error}") from error


def _fill(value: Any, unique: int) -> Any:
    if isinstance(value, str):
        return unique if value == PLACEHOLDER else value.replace(PLACEHOLDER, str(unique))
    if isinstance(value, list):
        return [_fill(item, unique) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        return {name: _fill(item, unique) for name, item in cast(dict[str, Any], value).items()}
    return value
