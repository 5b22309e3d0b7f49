"""Bad input to the front door of lifecycles: refused at its place, and nothing is kept."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.unit.services.orders_led import (
    AT_ONCE,
    BASEL,
    BODY,
    CANCEL,
    LEIPZIG,
    REFERENCE,
    begin,
)
from tests.unit.services.shop import Shop

UPDATE = {"new_address": BASEL, "updated_by": "ann", "reason": "moved"}
REVIEW = {"approved": True, "reviewed_by": "bob"}
KEY = {"Idempotency-Key": "k-1"}
START = f"/orders/{REFERENCE}/start"
SIGNALS = f"/orders/{REFERENCE}/signals"


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with shop.client() as made:
        yield made


JSON = "application/json"
LONG = "x" * 1_001
WRONG_STARTS: list[tuple[Any, str, str]] = [
    ({"initial_address": {}}, "#/initial_address/street", "required"),
    ({"initial_address": {**LEIPZIG, "street": ""}}, "#/initial_address/street", "letter"),
    ({"initial_address": {**LEIPZIG, "city": "a\nb"}}, "#/initial_address/city", "one line"),
    ({"initial_address": {**LEIPZIG, "country": "Germany"}}, "#/initial_address/country", "ISO"),
    ({"initial_address": {**LEIPZIG, "zip_code": "?"}}, "#/initial_address/zip_code", "letters"),
    ({"initial_address": {**LEIPZIG, "zip_code": 4317}}, "#/initial_address/zip_code", "string"),
    ({"initial_address": {**LEIPZIG, "floor": 3}}, "#/initial_address/floor", "not permitted"),
    ({"initial_address": {**LEIPZIG, "street": "x" * 201}}, "#/initial_address/street", "200"),
    ({"initial_address": "Leipzig"}, "#/initial_address", "dictionary"),
    ({"items": "all"}, "#/items", "list"),
    ({"items": [{"product_id": 3}]}, "#/items/0/quantity", "required"),
    ({"items": [{"product_id": "3", "quantity": 1}]}, "#/items/0/product_id", "integer"),
    ({"items": [{"product_id": 3, "quantity": True}]}, "#/items/0/quantity", "integer"),
    ({"items": [{"product_id": 3, "quantity": 1.5}]}, "#/items/0/quantity", "integer"),
    ({"items": [{"product_id": 3, "quantity": 2**60}]}, "#/items/0/quantity", "less than"),
    ({"items": [{"product_id": 3, "quantity": 1}] * 101}, "#/items", "100 items"),
    ({"payment_id": "no spaces, please"}, "#/payment_id", "letters, digits"),
    ({"payment_id": 7}, "#/payment_id", "string"),
    ({"coupon": "free"}, "#/coupon", "not permitted"),
]
WRONG_SIGNALS: list[tuple[str, Any, str, str]] = [
    ("cancel", {}, "#/reason", "required"),
    ("cancel", {"reason": "x"}, "#/cancelled_by", "required"),
    ("cancel", {"reason": " ", "cancelled_by": "ann"}, "#/reason", "at least 1"),
    ("cancel", {"reason": LONG, "cancelled_by": "ann"}, "#/reason", "1000"),
    ("cancel", {"reason": "x", "cancelled_by": ""}, "#/cancelled_by", "at least 1"),
    ("cancel", {"reason": "x", "cancelled_by": None}, "#/cancelled_by", "string"),
    ("cancel", {"reason": "x", "cancelled_by": "a" * 201}, "#/cancelled_by", "200"),
    ("cancel", {**CANCEL, "refund": False}, "#/refund", "not permitted"),
    ("update-address", {"updated_by": "ann"}, "#/new_address", "required"),
    ("update-address", {"new_address": BASEL}, "#/updated_by", "required"),
    (
        "update-address",
        {**UPDATE, "new_address": {**BASEL, "street": "-"}},
        "#/new_address/street",
        "letter",
    ),
    ("update-address", {**UPDATE, "reason": LONG}, "#/reason", "1000"),
    ("review", {"reviewed_by": "bob"}, "#/approved", "required"),
    ("review", {"approved": "yes", "reviewed_by": "bob"}, "#/approved", "boolean"),
    ("review", {"approved": True}, "#/reviewed_by", "required"),
    ("review", {"approved": False, "reviewed_by": "bob"}, "#/reason", "told why"),
]


def at(answer: httpx.Response, pointer: str) -> str:
    """What the problem document says of a place."""
    assert answer.headers["content-type"] == "application/problem+json"
    told_of = {place["pointer"]: place["detail"] for place in answer.json()["errors"]}
    assert pointer in told_of, answer.json()
    return told_of[pointer]


async def test_a_wrong_start_is_refused_at_its_place_and_nothing_is_kept(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    for body, pointer, says in WRONG_STARTS:
        answer = await client.post(START, json=body, headers=AT_ONCE)
        assert answer.status_code == 422, body
        assert says in at(answer, pointer), body
    nothing = await client.post(START, content=b"null", headers={**AT_ONCE, "Content-Type": JSON})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "invalid_input")
    assert (await client.get("/orders")).json()["items"] == []
    assert not shop.asked


async def test_a_wrong_signal_is_refused_at_its_place_and_nothing_is_kept(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    for what, body, pointer, says in WRONG_SIGNALS:
        answer = await client.post(f"{SIGNALS}/{what}", json=body, headers=KEY)
        assert answer.status_code == 422, body
        assert says in at(answer, pointer), body
        assert "Value error" not in answer.json()["detail"]
    assert (await client.get(f"{SIGNALS}/k-1")).status_code == 404
    assert len(shop.asked) == 1


async def test_a_wrong_reference(client: httpx.AsyncClient) -> None:
    for reference in ("123", "0", "1abc", "-a", "a" * 65, "ä", "a b", "a.b"):
        answer = await client.post(f"/orders/{reference}/start", json=BODY, headers=AT_ONCE)
        assert answer.status_code == 422, reference
        (place,) = answer.json()["errors"]
        assert (place["parameter"], place["in"]) == ("order_id", "path")
        assert "begins with a letter" in place["detail"]


async def test_an_order_that_is_not_there(client: httpx.AsyncClient) -> None:
    for answer in (
        await client.get("/orders/nope"),
        await client.get("/orders/nope/status"),
        await client.get("/orders/77/status"),
        await client.get("/orders/nope/history"),
        await client.get("/orders/nope/signals/k-1"),
        await client.post("/orders/nope/cancel"),
        await client.post("/orders/77/signals/cancel", json=CANCEL),
        await client.post("/orders/nope/signals/cancel", json=CANCEL),
        await client.post("/orders/nope/signals/update-address", json=UPDATE),
        await client.post("/orders/nope/signals/review", json=REVIEW),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found"), answer.url


async def test_a_signal_that_orders_do_not_take(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{SIGNALS}/hurry", json={"by": "ann"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_signal")
    assert "cancel, update-address and review" in answer.json()["detail"]


async def test_a_wrong_question(client: httpx.AsyncClient) -> None:
    for path, says in (
        ("/orders?status=lost", "needs_operator"),
        ("/orders?limit=0", "greater than"),
        ("/orders?after=x", "pattern"),
        (f"/orders/{REFERENCE}/history?after=1", "pattern"),
        ("/orders/a%20b", "letter"),
        (f"/orders/{2**53}", "letter"),
    ):
        answer = await client.get(path)
        assert answer.status_code == 422, path
        assert says in answer.json()["detail"]


async def test_bodies_that_are_none(client: httpx.AsyncClient) -> None:
    raw = await client.post(START, content=b"{", headers={"Content-Type": "application/json"})
    assert (raw.status_code, raw.json()["code"]) == (400, "invalid_json")
    text = await client.post(
        f"{SIGNALS}/cancel", content=b"stop", headers={"Content-Type": "text/plain"}
    )
    assert (text.status_code, text.json()["code"]) == (415, "not_json")
    empty = await client.post(f"{SIGNALS}/cancel")
    assert empty.status_code == 422
    odd = await client.post(f"{SIGNALS}/cancel", json=CANCEL, headers={"Idempotency-Key": ""})
    assert (odd.status_code, odd.json()["code"]) == (400, "invalid_idempotency_key")
