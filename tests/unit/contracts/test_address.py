"""Addresses: what is one, and what is said of what is none."""

import pytest
from pydantic import ValidationError

from contracts.address import Address
from contracts.lifecycle import StartOrder

HERE = {"street": "Lindenallee 12", "city": "Leipzig", "zip_code": "04317", "country": "DE"}


def test_white_space_and_case_do_not_count() -> None:
    odd = {"street": " Lindenallee 12 ", "city": "Leipzig\t", "zip_code": " 04317", "country": "de"}
    assert Address.model_validate(odd) == Address.model_validate(HERE)


@pytest.mark.parametrize(
    "given",
    [
        {
            "street": "1600 Pennsylvania Ave NW",
            "city": "Washington",
            "state": "DC",
            "country": "USA",
        },
        {"street": "東京都千代田区1-1", "city": "東京", "zip_code": "100-0001", "country": "JP"},
        {"street": "Ulica Żwirki i Wigury 1", "zip_code": "SW1A 1AA"},
    ],
)
def test_addresses_of_all_the_world(given: dict[str, str]) -> None:
    assert Address.model_validate({**HERE, **given})


def test_the_whole_in_one_line() -> None:
    assert Address.model_validate(HERE).line == "Lindenallee 12, 04317 Leipzig, DE"
    with_state = Address.model_validate({**HERE, "state": "Saxony"})
    assert with_state.line == "Lindenallee 12, 04317 Leipzig, Saxony, DE"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("street", "", "letter or a digit"),
        ("street", "   ", "letter or a digit"),
        ("street", "?!", "letter or a digit"),
        ("street", "Main St\n1", "one line"),
        ("street", "x" * 201, "200 characters"),
        ("city", "\u202eLeipzig", "one line"),
        ("state", "\x00", "one line"),
        ("zip_code", "", "letters and digits"),
        ("zip_code", "-1-", "letters and digits"),
        ("zip_code", "1" * 21, "20 characters"),
        ("country", "Germany", "two or three letters"),
        ("country", "", "two or three letters"),
        ("country", "D1", "two or three letters"),
        ("country", "XX", "two or three letters"),
        ("country", "GER", "two or three letters"),
        ("street", 12, "string"),
        ("city", None, "string"),
    ],
)
def test_an_odd_address_is_refused_at_its_place(field: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Address.model_validate({**HERE, field: value})
    (problem,) = caught.value.errors()
    assert problem["loc"] == (field,)
    assert says in problem["msg"]


@pytest.mark.parametrize("field", ["street", "city", "zip_code", "country"])
def test_only_the_state_may_be_left_out(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Address.model_validate({name: value for name, value in HERE.items() if name != field})


def test_the_id_of_a_payment_is_derived_from_the_order_where_none_is_given() -> None:
    order = {"order_id": "order-123", "items": [], "address": HERE}
    assert StartOrder.model_validate(order).payment_id == "order-123-payment"
    assert StartOrder.model_validate({**order, "payment_id": "p-1"}).payment_id == "p-1"
    for wrong in ("", "a b", "-", "x" * 101, 5):
        with pytest.raises(ValidationError, match="payment_id"):
            StartOrder.model_validate({**order, "payment_id": wrong})


@pytest.mark.parametrize(
    "reference", ["", "1", "123", "1order", "-a", "a b", "ä", "a" * 65, "a/b", "a\n"]
)
def test_what_is_no_reference(reference: str) -> None:
    with pytest.raises(ValidationError, match="order_id"):
        StartOrder.model_validate({"order_id": reference, "items": [], "address": HERE})
