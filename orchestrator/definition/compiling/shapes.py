"""Whether a value of one contract fits into a field of another: a comparison of JSON schemas.

Types are compared, not ranges: an integer fits a positive integer, and the participant checks the
rest when the command arrives. A reader may know fewer fields of an object than its writer.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

Schema = Mapping[str, Any]


class Shape(NamedTuple):
    """A JSON schema with the definitions that its references point into."""

    schema: Schema
    definitions: Mapping[str, Schema]

    def resolved(self) -> "Shape":
        """The schema behind a reference, or behind a wrapper of just one schema."""
        schema = self.schema
        while "$ref" in schema or len(schema.get("allOf", ())) == 1:
            if "$ref" in schema:
                schema = self.definitions[str(schema["$ref"]).rpartition("/")[2]]
            else:
                schema = schema["allOf"][0]
        return Shape(schema, self.definitions)

    def within(self, schema: Schema | bool) -> "Shape":
        """A schema that is part of this one; ``True`` is JSON schema's word for anything."""
        return Shape(schema if not isinstance(schema, bool) else {}, self.definitions)

    def alternatives(self) -> "list[Shape]":
        """The shapes of which a value has one; empty when there is only one."""
        kinds = self.schema.get("type")
        if isinstance(kinds, list):
            names = cast("list[str]", kinds)
            return [self.within({**self.schema, "type": name}) for name in names]
        options = self.schema.get("anyOf", self.schema.get("oneOf", ()))
        return [self.within(option) for option in options]

    def values(self) -> list[Any] | None:
        """The only values allowed, or None when they are not enumerated."""
        if "const" in self.schema:
            return [self.schema["const"]]
        return self.schema.get("enum")

    def anything(self) -> bool:
        """Whether every JSON value is allowed."""
        return not self.schema.keys() & {"type", "anyOf", "oneOf", "allOf", "const", "enum", "$ref"}


_Seen = frozenset[tuple[str, str]]


def fits(source: Shape, target: Shape, seen: _Seen = frozenset()) -> bool:
    """Whether every value of ``source`` is of the type that ``target`` wants."""
    pair = (str(source.schema.get("$ref", "")), str(target.schema.get("$ref", "")))
    if all(pair):
        if pair in seen:
            return True  # recursive on both sides: a difference would have been found on the way
        seen |= {pair}
    source, target = source.resolved(), target.resolved()
    if target.anything():
        return True
    if options := source.alternatives():
        return all(fits(option, target, seen) for option in options)
    if options := target.alternatives():
        return any(fits(source, option, seen) for option in options)
    return _one_fits(source, target, seen)


def _one_fits(source: Shape, target: Shape, seen: _Seen) -> bool:
    allowed, given = target.values(), source.values()
    if allowed is not None:
        return given is not None and all(value in allowed for value in given)
    kind, wanted = source.schema.get("type"), target.schema.get("type")
    if kind != wanted and (kind, wanted) != ("integer", "number"):
        return False
    match wanted:
        case "string":
            return target.schema.get("format") in (None, source.schema.get("format"))
        case "array":
            return _array_fits(source, target, seen)
        case "object":
            return _object_fits(source, target, seen)
        case None:
            return source.schema == target.schema  # combined schemas: only the same one surely fits
        case _:
            return True


def _array_fits(source: Shape, target: Shape, seen: _Seen) -> bool:
    fixed: list[Schema] = source.schema.get("prefixItems", [])
    wanted: list[Schema] | None = target.schema.get("prefixItems")
    if wanted is not None:
        return len(fixed) == len(wanted) and all(
            fits(source.within(one), target.within(other), seen)
            for one, other in zip(fixed, wanted, strict=True)
        )
    items = target.within(target.schema.get("items", {}))
    given = fixed or [source.schema.get("items", {})]
    return all(fits(source.within(item), items, seen) for item in given)


def _object_fits(source: Shape, target: Shape, seen: _Seen) -> bool:
    given: Schema = source.schema.get("properties", {})
    wanted: Schema = target.schema.get("properties", {})
    extra: Schema | bool = target.schema.get("additionalProperties", True)
    if not set(target.schema.get("required", ())) <= set(source.schema.get("required", ())):
        return False
    for name, schema in given.items():
        into = wanted.get(name, extra)
        if into is False or not fits(source.within(schema), target.within(into), seen):
            return False
    more: Schema | bool = source.schema.get("additionalProperties", False)
    if more is False:
        return True
    return extra is not False and fits(source.within(more), target.within(extra), seen)


_WORDS = {
    "string": "a text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def describe(shape: Shape) -> str:
    """The type in words, for a person who has to compare two of them."""
    shape = shape.resolved()
    if options := shape.alternatives():
        return " or ".join(describe(option) for option in options)
    if (values := shape.values()) is not None:
        return "one of " + ", ".join(repr(value) for value in values)
    schema, kind = shape.schema, shape.schema.get("type")
    if kind == "string" and "format" in schema:
        return f"a text of format {schema['format']}"
    if kind == "array":
        return f"a list, each item {describe(shape.within(schema.get('items', {})))}"
    if kind == "object":
        return f"an object ({schema['title']})" if "title" in schema else "an object"
    return _WORDS.get(str(kind), "anything")
