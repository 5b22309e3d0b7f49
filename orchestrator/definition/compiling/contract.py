"""The fields of a contract as they are on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError

from orchestrator.definition.compiling.shapes import Schema, Shape
from orchestrator.definition.errors import DefinitionError


@dataclass(frozen=True)
class Contract:
    """The fields of one message: their shapes, and which of them are always there."""

    name: str
    fields: Mapping[str, Shape]
    required: frozenset[str]


def schema_of(
    place: str, model: type[BaseModel], mode: Literal["validation", "serialization"]
) -> dict[str, Any]:
    """The JSON schema of a model; raises DefinitionError where its fields are not JSON."""
    try:
        return _without_prose(model.model_json_schema(mode=mode))
    except (PydanticInvalidForJsonSchema, PydanticUserError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DefinitionError(
            place,
            f"{model.__name__} is not JSON: {reason}",
            "Give its fields types that JSON has: numbers, texts, booleans, lists, objects, dates",
        ) from error


def _without_prose(schema: Any) -> Any:
    """Titles and descriptions tell people, not machines: rewording one makes no new version."""
    if isinstance(schema, list):
        return [_without_prose(part) for part in cast(list[Any], schema)]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_prose(part)
        for name, part in cast(dict[str, Any], schema).items()
        if name not in ("title", "description") or not isinstance(part, str)
    }


def written(place: str, model: type[BaseModel]) -> Contract:
    """What a message of this contract carries when somebody has written it (a reply, an input)."""
    return _contract(model, schema_of(place, model, "serialization"))


def wanted(place: str, model: type[BaseModel]) -> Contract:
    """What a message of this contract must be given (a command, an event)."""
    return _contract(model, schema_of(place, model, "validation"))


def object_of(schema: Schema) -> Shape:
    """The shape of a whole model, behind the reference that a recursive one is."""
    return Shape(schema, schema.get("$defs", {})).resolved()


def _contract(model: type[BaseModel], schema: Schema) -> Contract:
    top = object_of(schema)
    fields = {name: top.within(field) for name, field in top.schema.get("properties", {}).items()}
    return Contract(model.__name__, fields, frozenset(top.schema.get("required", ())))
