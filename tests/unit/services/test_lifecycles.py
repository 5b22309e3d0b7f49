"""The front door of lifecycles over HTTP: start, status, history, one list with other orders."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from contracts.topics import partition_of_start
from tests.unit.services.orders_led import (
    AT_ONCE,
    BASEL,
    BODY,
    CANCEL,
    LEIPZIG,
    REFERENCE,
    SAGA,
    Led,
    begin,
    completed,
    failed,
    moved,
    started,
    wanted,
)
from tests.unit.services.shop import Shop

START = f"/orders/{REFERENCE}/start"
FULFILLED = {"userId": 1, "productId": 3, "quantity": 2}


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with shop.client() as made:
        yield made


async def test_a_start_is_answered_once_its_saga_has_begun(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    answer = await begin(shop, client)
    assert (answer.status_code, answer.headers["location"]) == (202, f"/orders/{REFERENCE}/status")
    shown = answer.json()
    assert (shown["workflow_id"], shown["order_id"]) == (SAGA, REFERENCE)
    assert (shown["status"], shown["completed_steps"]) == ("running", [])
    assert (shown["payment_id"], shown["address"]) == (f"{REFERENCE}-payment", LEIPZIG)
    (asked,) = shop.asked
    assert (asked["type"], asked["requestkey"]) == ("saga.start", REFERENCE)
    assert asked["data"] == {"definition": "order-lifecycle", "input": wanted().model_dump()}
    assert asked["partition"] == partition_of_start(1, "order-lifecycle", REFERENCE, 8)


async def test_started_twice_is_one_and_the_second_is_answered_with_where_it_stands(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    await Led(shop).tell(moved("receive"))
    again = await client.post(START, json=BODY)
    assert (again.status_code, again.json()["current_step"]) == (200, "receive")
    assert len(shop.asked) == 1


@pytest.mark.parametrize(
    "other",
    [
        {**BODY, "payment_id": "another"},
        {**BODY, "items": [{"product_id": 3, "quantity": 3}]},
        {**BODY, "initial_address": BASEL},
        {},
    ],
)
async def test_another_order_under_the_same_reference_is_refused(
    shop: Shop, client: httpx.AsyncClient, other: Any
) -> None:
    await begin(shop, client)
    answer = await client.post(START, json=other)
    assert (answer.status_code, answer.json()["code"]) == (409, "reference_used")
    assert REFERENCE in answer.json()["detail"]
    first = answer.json()["order"]
    assert (first["order_id"], first["status"]) == (
        REFERENCE,
        "running",
    ), "how the first one stands"
    assert len(shop.asked) == 1


@pytest.mark.parametrize("body", [None, {}, {"items": None, "initial_address": None}])
async def test_what_is_left_out_comes_from_the_seed_data(
    shop: Shop, client: httpx.AsyncClient, body: Any
) -> None:
    answer = await client.post(START, json=body, headers=AT_ONCE)
    assert answer.status_code == 202
    assert answer.json()["items"] == [{"product_id": 3, "quantity": 1}]
    assert answer.json()["address"]["city"] == "Hamburg"
    async with shop.client(tenant=2) as other:
        lacking = await other.post(START, json=body, headers=AT_ONCE)
    assert lacking.status_code == 422, "of another tenant there are no defaults"
    assert [place["pointer"] for place in lacking.json()["errors"]] == [
        "#/initial_address",
        "#/items",
    ]


async def test_who_prefers_to_wait_is_answered_at_the_end(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    prefer = {"Prefer": "wait=20"}
    asked = asyncio.create_task(client.post(START, json=BODY, headers=prefer))
    await shop.last_start()
    await Led(shop).tell(started(), completed())
    answer = await asked
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert answer.headers["preference-applied"] == "wait=20"


async def test_a_broker_that_is_away_holds_up_no_start(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    shop.broker_is_away = True
    answer = await client.post(START, json=BODY, headers=AT_ONCE)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert answer.json()["workflow_id"] is None


async def test_another_tenant_sees_nothing_and_has_references_of_its_own(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    async with shop.client(tenant=2) as other:
        for path in ("status", "history", "signals/k-1"):
            answer = await other.get(f"/orders/{REFERENCE}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
        assert (await other.get("/orders")).json()["items"] == []
        mine = await other.post(START, json={**BODY, "payment_id": "x"}, headers=AT_ONCE)
    assert mine.status_code == 202


async def test_orders_of_both_kinds_in_one_list(shop: Shop, client: httpx.AsyncClient) -> None:
    for number in range(3):
        await client.post(f"/orders/led-{number}/start", json=BODY, headers=AT_ONCE)
        await client.post("/orders", json=FULFILLED, headers=AT_ONCE)
        shop.clock.advance(number)  # two of them at the very same time
    everything = (await client.get("/orders")).json()
    assert everything["next"] is None
    names = [one.get("reference") or one["orderId"] for one in everything["items"]]
    assert names == [3, "led-2", 2, 1, "led-1", "led-0"]
    paged, place = [], "/orders?limit=1"
    while place:
        answer = (await client.get(place)).json()
        paged += [one.get("reference") or one["orderId"] for one in answer["items"]]
        place = answer["next"]
    assert paged == names


async def test_orders_in_one_status(shop: Shop, client: httpx.AsyncClient) -> None:
    await begin(shop, client)
    await client.post("/orders", json=FULFILLED, headers=AT_ONCE)
    for status, count in (("running", 1), ("pending", 1), ("completed", 0)):
        found = (await client.get("/orders", params={"status": status})).json()["items"]
        assert len(found) == count, status
    running = (await client.get("/orders", params={"status": "running"})).json()["items"][0]
    assert running["shippingAddress"] == "Lindenallee 12, 04317 Leipzig, DE"
    assert running["items"] == [{"productId": 3, "quantity": 2}]
    assert (await client.get(f"/orders/{REFERENCE}")).json() == running


async def test_a_failed_order_shows_why(shop: Shop, client: httpx.AsyncClient) -> None:
    await begin(shop, client)
    await Led(shop).tell(failed("rejected", "no"))
    shown = (await client.get(f"/orders/{REFERENCE}")).json()
    assert (shown["status"], shown["failure"]["code"]) == ("failed", "rejected")


async def test_an_order_that_is_fulfilled_in_one_go_has_a_status_and_takes_no_signals(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await client.post("/orders", json=FULFILLED, headers=AT_ONCE)
    shown = (await client.get("/orders/1/status")).json()
    assert (shown["order_id"], shown["status"]) == ("1", "pending")
    assert shown["completed_steps"] is None, "of its steps nothing is known here"
    for answer in (
        await client.post("/orders/1/signals/cancel", json=CANCEL),
        await client.get("/orders/1/history"),
        await client.get("/orders/1/signals/k-1"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "order_without_lifecycle")
        assert answer.json()["workflow_id"] is None, "its saga has not begun"
    await begin(shop, client)
    wrong_way = await client.post(f"/orders/{REFERENCE}/cancel")
    assert (wrong_way.status_code, wrong_way.json()["code"]) == (409, "cancelled_by_signal")
    assert "/signals/cancel" in wrong_way.json()["detail"]


async def test_a_long_history_comes_in_pages_in_order_of_time(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    for number in range(5):
        await Led(shop).tell(moved("receive", number=number + 1))
    whole = (await client.get(f"/orders/{REFERENCE}/history")).json()["items"]
    assert len(whole) == 7
    assert whole[0]["type"] == "start"
    assert whole[0]["actor"] == "test"
    paged, place = [], f"/orders/{REFERENCE}/history?limit=2"
    while place:
        answer = (await client.get(place)).json()
        paged += answer["items"]
        place = answer["next"]
    assert paged == whole
