"""The fields of a signal's contract as fields of a form, and what was filled in as its data."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

import msgspec
from pydantic import BaseModel

from orchestrator.admin.ports import Backend
from orchestrator.admin.ui.fields import DATA, Asked, Field

MOST: Final = 4_000
_HINT: Final = "Text; or JSON, such as 7, true or {…}"


class _Leaf(NamedTuple):
    """A field that is filled in: of the signal, or of a model in it."""

    path: tuple[str, ...]
    is_text: bool
    required: bool
    example: str


class SignalForm:
    """The form of one signal. Where this process does not know the signal's contract, each field is
    text, or JSON where it is that.
    """

    def __init__(self, backend: Backend, definition: str, signal: str, names: Iterable[str]):
        known = _contract(backend, definition, signal)
        self._leaves = [leaf for name in names for leaf in _leaves(known, (name,))]

    def questions(self, now: Mapping[str, Any]) -> list[Field]:
        """What is asked, filled with what ``now`` says of each field."""
        return [
            Field(
                f"{DATA}{'.'.join(leaf.path)}",
                ", ".join(leaf.path),
                hint=leaf.example if leaf.is_text else _HINT,
                required=leaf.required,
                most=MOST,
                value=_text(_at(now, leaf.path)),
            )
            for leaf in self._leaves
        ]

    def data(self, asked: Asked) -> dict[str, Any]:
        """What was filled in; an empty field that has a default is left to it."""
        found: dict[str, Any] = {}
        for leaf in self._leaves:
            text = asked.values[f"{DATA}{'.'.join(leaf.path)}"]
            if not text and not leaf.required:
                continue
            place = found
            for name in leaf.path[:-1]:
                place = place.setdefault(name, {})
            place[leaf.path[-1]] = text if leaf.is_text else _value(text)
        return found


def _contract(backend: Backend, definition: str, signal: str) -> type[BaseModel] | None:
    if definition not in backend.catalogue.names():
        return None
    return backend.catalogue.named(definition).signals.get(signal)


def _leaves(model: type[BaseModel] | None, path: tuple[str, ...]) -> Iterator[_Leaf]:
    field = model.model_fields.get(path[-1]) if model else None
    if field is None:
        yield _Leaf(path, False, True, "")
        return
    kind = cast(object, field.annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name in kind.model_fields:
            yield from _leaves(kind, (*path, name))
    else:
        example = f"Such as {field.examples[0]}" if field.examples else ""
        yield _Leaf(path, kind is str, field.is_required(), example)


def _at(now: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    place: Any = now
    for name in path:
        place = cast("Mapping[str, Any]", place).get(name) if isinstance(place, Mapping) else None
    return place


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text as it is."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text
