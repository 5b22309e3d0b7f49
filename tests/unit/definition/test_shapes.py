"""Which type fits into which."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter

from orchestrator.definition.compiling.shapes import Schema, Shape, describe, fits


class Address(BaseModel):
    street: str
    town: str = ""


class Wider(BaseModel):
    street: str
    town: str
    floor: int


class Numbered(BaseModel):
    street: int


class Tree(BaseModel):
    value: int
    branches: list["Tree"]


class TextTree(BaseModel):
    value: str
    branches: list["TextTree"]


class Color(Enum):
    RED = "red"
    BLUE = "blue"


def source(kind: Any) -> Shape:
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    return Shape(schema, schema.get("$defs", {}))


def target(kind: Any) -> Shape:
    schema = TypeAdapter(kind).json_schema(mode="validation")
    return Shape(schema, schema.get("$defs", {}))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (int, int),
        (int, float),
        (int, int | None),
        (int | None, int | None),
        (int, int | str),
        (bool, bool),
        (str, str),
        (date, str),
        (date, date),
        (datetime, datetime),
        (Decimal, Decimal),
        (Literal["a"], str),
        (Literal["a"], Literal["a", "b"]),
        (Color, str),
        (Color, Color),
        (list[int], list[float]),
        (tuple[int, int], list[int]),
        (tuple[int, str], tuple[int, str]),
        (set[int], list[int]),
        (dict[str, int], dict[str, float]),
        (dict[str, Any], dict[str, Any]),
        (int, Any),
        (Any, Any),
        (None, str | None),
        (Wider, Address),
        (Address, Address),
        (Address, dict[str, str]),
        (list[Wider], list[Address]),
        (Tree, Tree),
        (Wider | Address, Address),
    ],
)
def test_fits(given: Any, wanted: Any) -> None:
    assert fits(source(given), target(wanted))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (int, str),
        (str, int),
        (float, int),
        (bool, int),
        (int, bool),
        (int | None, int),
        (int | str, int),
        (str, date),
        (datetime, date),
        (str, Literal["a"]),
        (Literal["c"], Literal["a", "b"]),
        (str, Color),
        (Any, int),
        (list[str], list[int]),
        (list[int], int),
        (list[int], tuple[int, int]),
        (tuple[int, str], list[int]),
        (dict[str, str], dict[str, int]),
        (Address, Wider),
        (Numbered, Address),
        (Address, str),
        (dict[str, str], Address),
        (Address, dict[str, int]),
        (TextTree, Tree),
    ],
)
def test_does_not_fit(given: Any, wanted: Any) -> None:
    assert not fits(source(given), target(wanted))


TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"type": ["string", "null"]}
BOTH: Schema = {"allOf": [{"minLength": 1}, {"maxLength": 9}]}
NAMED: Schema = {"$ref": "#/$defs/Name"}


@pytest.mark.parametrize(
    ("given", "wanted", "fit"),
    [
        (TEXT, MAYBE, True),
        (MAYBE, TEXT, False),
        ({"allOf": [TEXT]}, TEXT, True),
        (TEXT, {"allOf": [{"type": "integer"}]}, False),
        (BOTH, BOTH, True),
        (BOTH, {"allOf": [{"minLength": 2}, {"maxLength": 9}]}, False),
        (NAMED, TEXT, True),
        ({"allOf": [NAMED]}, {"type": "integer"}, False),
        ({"oneOf": [TEXT, {"type": "integer"}]}, TEXT, False),
        ({"const": 1}, {"enum": [1, 2]}, True),
        ({"type": "object"}, {"type": "object", "additionalProperties": False}, True),
        (
            {"type": "object", "properties": {"a": TEXT}},
            {"type": "object", "additionalProperties": False},
            False,
        ),
    ],
)
def test_schemas_written_by_hand(given: Schema, wanted: Schema, fit: bool) -> None:
    definitions = {"Name": TEXT}
    assert fits(Shape(given, definitions), Shape(wanted, definitions)) == fit


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (int, "an integer"),
        (str | None, "a text or null"),
        (date, "a text of format date"),
        (list[float], "a list, each item a number"),
        (Literal["a", "b"], "one of 'a', 'b'"),
        (Address, "an object (Address)"),
        (dict[str, int], "an object"),
        (bool, "true or false"),
        (Any, "anything"),
    ],
)
def test_types_in_words(kind: Any, words: str) -> None:
    assert describe(target(kind)) == words
