"""Examples of messages, made from their contracts: as values, and as one writes them in Python."""

from collections.abc import Iterable, Iterator
from json import dumps
from typing import Annotated, Any, Final, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from orchestrator.definition.nodes import Call
from orchestrator.definition.spoken import spoken
from orchestrator.verify.errors import NoExample

_GUESSES: Final[tuple[Any, ...]] = (
    *(1, True, 1.5, "EUR", "2026-01-09", "2026-01-09T12:00:00Z", "12:00:00"),
    *("12345678-1234-4234-8234-123456789abc", "ann@example.org", "https://example.org/", "1"),
    *([], {}, None),
)
_WIDTH: Final = 99


def contract(call: Call) -> type[BaseModel]:
    """The contract of a command. Raises NoExample where no loaded module has it."""
    model = spoken().commands.get((call.topic, call.command))
    if model is None:
        raise NoExample(f"no contract of the command {call.command} is loaded")
    return model


def example(model: type[BaseModel]) -> BaseModel:
    """A message that its contract accepts. Raises NoExample naming the field it cannot fill."""
    values = {
        name: _value(model, name, field)
        for name, field in model.model_fields.items()
        if field.is_required()
    }
    try:
        return model.model_validate(values, by_name=True)
    except ValidationError as error:
        raise NoExample(
            f"{model.__name__} refuses what was made up for it: {error.errors()[0]['msg']};"
            " give its fields examples, with Field(examples=[...])"
        ) from error


def _value(model: type[BaseModel], name: str, field: FieldInfo) -> Any:
    kind: Any = field.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return example(kind)
    inner = get_args(kind)
    item: Any = inner[0] if inner else None
    if get_origin(kind) in (list, tuple) and isinstance(item, type) and issubclass(item, BaseModel):
        return [example(item)]
    constrained: Any = Annotated
    adapter: TypeAdapter[Any] = TypeAdapter(constrained[(kind, name, *field.metadata)])
    allowed: list[Any] = adapter.json_schema().get("enum", [])
    for guess in (*(field.examples or ()), *allowed, name, *_GUESSES):
        try:
            adapter.validate_python(guess, strict=None)
        except ValidationError:
            continue
        return guess
    raise NoExample(
        f"no example of {model.__name__}.{name} could be made:"
        " give it one, with Field(examples=[...])"
    )


def as_python(message: BaseModel, indent: int = 0) -> str:
    """The message as a call of its contract; on several lines where one is too short."""
    name = type(message).__name__
    fields = [f"{field}={_literal(getattr(message, field))}" for field in _given(message)]
    short = f"{name}({', '.join(fields)})"
    if len(short) + indent <= _WIDTH:
        return short
    return "\n".join([f"{name}(", *(f"    {field}," for field in fields), ")"])


def _given(message: BaseModel) -> list[str]:
    return [field for field in type(message).model_fields if field in message.model_fields_set]


def _literal(value: Any) -> str:
    if isinstance(value, BaseModel):
        return as_python(value, -10_000)
    if isinstance(value, str):
        return dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        items: list[Any] = list(cast(Iterable[Any], value))
        return f"[{', '.join(map(_literal, items))}]"
    if value is None or type(value) in (bool, int, float, dict):
        return repr(value)
    return dumps(str(value))


def models_in(message: BaseModel) -> Iterator[type[BaseModel]]:
    """The contracts that are named when the message is written."""
    yield type(message)
    for field in _given(message):
        value: Any = getattr(message, field)
        many = isinstance(value, list | tuple)
        for one in cast(Iterable[Any], value) if many else [value]:
            if isinstance(one, BaseModel):
                yield from models_in(one)
