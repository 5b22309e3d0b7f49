"""An input read by a schema: as its contract would read and write it."""

from datetime import date
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.definition.by_schema import BySchema
from orchestrator.definition.compiling.contract import schema_of
from orchestrator.definition.errors import InvalidInput
from orchestrator.definition.validation import validated


class Line(BaseModel):
    """One line of an order."""

    product: int = Field(gt=0)
    quantity: int = 1


class Place(BaseModel):
    """Where to."""

    model_config = ConfigDict(extra="forbid")

    city: str = Field(min_length=1, max_length=20)


class Order(BaseModel):
    """An input with all that inputs have."""

    order: int
    lines: list[Line] = []
    place: Place | None = None
    note: str | None = None
    kind: Literal["gift", "own"] = "own"
    due: date | None = None
    more: dict[str, int] = {}
    price: float = 0.5


def read(given_: dict[str, Any]) -> dict[str, Any]:
    """What the schema of the definition makes of it."""
    return BySchema(schema_of("here", Order, "validation")).validated(given_)


ORDERS = st.fixed_dictionaries(
    {"order": st.integers(-5, 5)},
    optional={
        "lines": st.lists(
            st.fixed_dictionaries(
                {"product": st.integers(1, 3)},
                optional={"quantity": st.integers(0, 3), "colour": st.text(max_size=3)},
            ),
            max_size=2,
        ),
        "place": st.none() | st.fixed_dictionaries({"city": st.text("ab", min_size=1, max_size=3)}),
        "note": st.none() | st.text(max_size=3),
        "kind": st.sampled_from(["gift", "own"]),
        "due": st.none() | st.dates().map(str),
        "more": st.dictionaries(st.text("xy", max_size=2), st.integers(0, 2), max_size=2),
        "price": st.integers(0, 3) | st.floats(0, 3),
        "unknown": st.integers(),
    },
)


@given(ORDERS)
def test_it_reads_and_writes_as_the_contract_does(order: dict[str, Any]) -> None:
    assert read(order) == validated(Order, order)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "order: Field required"),
    "a text for a number": ({"order": "one"}, "order: 'one' is not of type 'integer'"),
    "deep inside": ({"order": 1, "lines": [{"product": 0}]}, "lines.0.product: 0 is less than"),
    "a field too many where none may be": (
        {"order": 1, "place": {"city": "Ulm", "x": 1}},
        "place: {'city': 'Ulm', 'x': 1} is not valid under any of the given schemas",
    ),
    "no such word": ({"order": 1, "kind": "loan"}, "kind: 'loan' is not one of ['gift', 'own']"),
    "no date": ({"order": 1, "due": "soon"}, "due: 'soon' is not valid under any"),
    "not JSON": ({"order": object()}, "input: it cannot be written as JSON"),
}


@pytest.mark.parametrize(("order", "says"), WRONG.values(), ids=[*WRONG])
def test_what_is_wrong_is_named(order: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(order)
    assert says in str(caught.value)
    with pytest.raises(InvalidInput):
        validated(Order, order)


def test_every_wrong_place_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"kind: .*; order: Field required"):
        read({"kind": 1})


def test_a_definition_without_a_schema_takes_anything() -> None:
    assert BySchema({}).validated({"a": [1, {"b": None}]}) == {"a": [1, {"b": None}]}


def test_whole_numbers_are_whole() -> None:
    found = read({"order": 1.0, "price": 1.0})
    assert found["order"] == 1 and isinstance(found["order"], int)
