"""A definition is data: canonical JSON, whose hash is its version."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, ValidationError
from msgspec.json import decode, encode
from msgspec.structs import replace

from contracts.orders import PlaceOrder
from contracts.product import QuoteProduct
from orchestrator.definition import read, saga
from orchestrator.definition.nodes import (
    Call,
    Change,
    Definition,
    Emit,
    Node,
    Parallel,
    Retry,
    Step,
    Wait,
    canonical,
    parse,
    version,
)
from sagas.order_cancellation import order_cancellation
from sagas.order_fulfillment import order_fulfillment
from tests.unit.definition.journey import TOUR
from tests.unit.definition.language import CITY, FLIGHT, HOTEL, TripBooked, TripFailed, trip

texts = st.text(max_size=12)
numbers = st.integers(0, 2**53 - 1)
mappings = st.dictionaries(texts, texts, max_size=3)
calls = st.builds(Call, texts, texts, mappings, st.lists(texts, max_size=3).map(tuple))
retries = st.builds(Retry, numbers, numbers, numbers, st.floats(1, 100))
kinds = st.sampled_from(["compensatable", "pivot", "retriable", "read"])
steps = st.builds(
    Step,
    *(texts, kinds, calls, st.none() | calls, numbers, retries, numbers, retries),
    st.dictionaries(texts, numbers, max_size=3),
    st.just(UNSET) | texts,
)
waits = st.builds(
    Wait,
    *(texts, texts, st.lists(texts, max_size=3).map(tuple), numbers),
    st.sampled_from(["done", "refused"]),
    st.dictionaries(texts, texts | numbers | st.booleans(), max_size=3),
    st.dictionaries(texts, numbers, max_size=3),
    *(texts, st.booleans()),
)


def parallels(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    branches = st.lists(st.lists(nodes, max_size=3).map(tuple), max_size=3).map(tuple)
    return st.builds(Parallel, branches)


bodies = st.lists(st.recursive(steps | waits, parallels, max_leaves=6), max_size=4).map(tuple)
emits = st.lists(st.builds(Emit, texts, texts, texts, mappings), max_size=2).map(tuple)
schemas: st.SearchStrategy[dict[str, Any]] = st.dictionaries(texts, texts | numbers, max_size=3)
changes = st.builds(Change, texts, st.lists(texts, max_size=3).map(tuple), mappings, texts, emits)
definitions = st.builds(
    Definition,
    *(texts, schemas, bodies, emits, emits, emits),
    st.just(UNSET) | numbers,
    st.just(UNSET) | st.lists(changes, max_size=2).map(tuple),
    st.just(UNSET) | mappings,
    st.just(UNSET) | st.just(True),
)


def turned(value: Any) -> Any:
    """The same JSON with every object's keys in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=40)
@given(definitions)
def test_what_is_written_reads_the_same(definition: Definition) -> None:
    assert parse(canonical(definition)) == definition


@settings(max_examples=40)
@given(definitions)
def test_the_order_of_keys_means_nothing(definition: Definition) -> None:
    other = parse(encode(turned(decode(canonical(definition)))))
    assert canonical(other) == canonical(definition)
    assert version(other) == version(definition)


@settings(max_examples=40)
@given(definitions, definitions)
def test_two_definitions_have_two_versions(one: Definition, other: Definition) -> None:
    assert (version(one) == version(other)) == (one == other)


EXAMPLE = trip(CITY, HOTEL, FLIGHT, completed=TripBooked, failed=TripFailed).definition


@pytest.mark.parametrize("name", Definition.__struct_fields__)
def test_every_part_of_a_definition_counts(name: str) -> None:
    other = {"name": "tour", "input": {}}.get(name, ())
    if getattr(EXAMPLE, name) == other:
        other = EXAMPLE.completed
    assert version(replace(EXAMPLE, **{name: other})) != version(EXAMPLE)


STEP_CHANGES = {
    "name": "inn",
    "kind": "pivot",
    "do": Call("BookInn", "hotel.commands", {}),
    "undo": None,
    "timeout_ms": 9_999,
    "retry": Retry(attempts=4),
    "undo_timeout_ms": 9_999,
    "undo_retry": Retry(coefficient=1.5),
    "refusals": {"no_room": 410},
    "child": "inn",
}


@pytest.mark.parametrize("name", Step.__struct_fields__)
def test_every_part_of_a_step_counts(name: str) -> None:
    city, hotel, flight = EXAMPLE.body
    changed = replace(hotel, **{name: STEP_CHANGES[name]})
    assert version(replace(EXAMPLE, body=(city, changed, flight))) != version(EXAMPLE)


WAIT_CHANGES = {
    "name": "door",
    "signal": "knock",
    "required": ("approved",),
    "timeout_ms": 9_999,
    "expires": "done",
    "data": {"approved": True},
    "refusals": {},
    "accepts": "",
    "person": True,
}


@pytest.mark.parametrize("name", Wait.__struct_fields__)
def test_every_part_of_a_wait_counts(name: str) -> None:
    look, approval, *rest = TOUR.definition.body
    changed = replace(approval, **{name: WAIT_CHANGES[name]})
    other = replace(TOUR.definition, body=(look, changed, *rest))
    assert version(other) != TOUR.version


def test_versions_are_what_they_were_before_there_were_waits_and_children() -> None:
    """Sagas that run on them finish on them: what they do not use is not in their JSON."""
    assert order_fulfillment.version == "7890b5f08e4a161a"
    assert order_cancellation.version == "99bb5c33de851356"


def test_the_order_of_steps_counts() -> None:
    city, hotel, flight = EXAMPLE.body
    assert version(replace(EXAMPLE, body=(city, flight, hotel))) != version(EXAMPLE)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_run_gives_the_same_version(seed: str) -> None:
    code = "from sagas.order_fulfillment import order_fulfillment as s; print(s.version, end='')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == order_fulfillment.version


def test_a_wrong_place_in_stored_json_is_named() -> None:
    broken = canonical(EXAMPLE).replace(b'"attempts":3', b'"attempts":"three"', 1)
    with pytest.raises(ValidationError, match=r"\$\.body\[0\]\.retry\.attempts"):
        parse(broken)


def test_rewording_a_contract_makes_no_new_version() -> None:
    class Reworded(PlaceOrder):
        """The same fields, explained in other words."""

    begun = saga("x", input=Reworded).then(read("product", QuoteProduct)).ends()
    same = saga("x", input=PlaceOrder).then(read("product", QuoteProduct)).ends()
    assert begun.version == same.version


def test_a_field_called_title_stays_in_the_schema() -> None:
    class Titled(PlaceOrder):
        title: str

    made = saga("x", input=Titled).then(read("product", QuoteProduct)).ends()
    assert "title" in made.definition.input["properties"]
