"""The front door: orders over HTTP, folded from events."""

from typing import Any

import pytest

from contracts.orders import OrderPlaced
from contracts.saga_events import SagaRefused
from contracts.topics import partition_of_start
from tests.unit.services.placing import AT_ONCE, BODY, KEY, completed, order_failed, place
from tests.unit.services.shop import Shop


async def test_a_completed_order_is_answered_as_soon_as_it_is(shop: Shop):
    placed = OrderPlaced(order_id=1, user_id=1, product_id=3, quantity=2)
    answer = await place(shop, placed, completed(1))
    assert answer.status_code == 201
    assert answer.headers["location"] == "/orders/1"
    assert answer.json() == {
        "orderId": 1,
        "userId": 1,
        "productId": 3,
        "quantity": 2,
        "amount": 23_800,
        "currency": "EUR",
        "status": "completed",
        "shippingAddress": "Lindenallee 12, Leipzig, DE",
        "expectedDelivery": "2026-11-23",
        "createdAt": "2023-11-14T22:13:20.000+00:00",
        "updatedAt": "2023-11-14T22:13:20.000+00:00",
    }
    async with shop.client() as client:
        assert (await client.get("/orders/1")).json() == answer.json()
        again = await client.post("/orders", json=BODY, headers=KEY)
    assert (again.status_code, again.json()) == (200, answer.json())
    assert len(shop.asked) == 1


async def test_the_status_of_an_order_names_its_saga_once_it_is_known(shop: Shop):
    async def look() -> Any:
        async with shop.client() as client:
            shown = (await client.get("/orders/1/status")).json()
        return shown["status"], shown["workflow_id"], shown["result"]

    async with shop.client() as client:
        await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
    assert await look() == ("pending", None, None)
    await shop.tell(OrderPlaced(order_id=1, user_id=1, product_id=3, quantity=2), saga="1024")
    assert await look() == ("placed", 1024, None)
    await shop.tell(completed(1), saga="1024")
    result = {
        "amount": 23_800,
        "currency": "EUR",
        "address": "Lindenallee 12, Leipzig, DE",
        "expected_delivery": "2026-11-23",
    }
    assert await look() == ("completed", 1024, result)


async def test_a_failed_order_names_its_saga_and_a_refused_start_has_none(shop: Shop):
    async with shop.client() as client:
        for key in ("first", "second"):
            headers = {"Idempotency-Key": key} | AT_ONCE
            await client.post("/orders", json=BODY, headers=headers)
        await shop.tell(order_failed(1), saga="1024")
        refused = SagaRefused(definition="order-fulfillment", code="no", reason="n", status=409)
        await shop.tell(refused, key="order-2")
        first, second = [(await client.get(f"/orders/{n}/status")).json() for n in (1, 2)]
    assert (first["status"], first["workflow_id"]) == ("failed", 1024)
    assert (second["status"], second["workflow_id"]) == ("failed", None)


async def test_the_start_goes_where_anybody_would_send_it(shop: Shop):
    async with shop.client() as client:
        await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
    start = await shop.last_start()
    assert (start["type"], start["requestkey"], start["tenant"]) == ("saga.start", "order-1", "1")
    assert start["data"] == {
        "definition": "order-fulfillment",
        "input": {"order_id": 1, "user_id": 1, "product_id": 3, "quantity": 2},
    }
    assert start["partition"] == partition_of_start(1, "order-fulfillment", "order-1", 8)


@pytest.mark.parametrize("status", [404, 409])
async def test_an_order_that_failed_is_a_problem_with_its_reasons(shop: Shop, status: int):
    answer = await place(shop, order_failed(1, status))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"] == "inventory: too few; payment: too poor"
    assert (problem["orderId"], problem["undone"]) == (1, ["shipping"])
    async with shop.client() as client:
        shown = (await client.get("/orders/1")).json()
    assert shown["status"] == "failed"
    assert shown["failure"]["code"] == problem["code"]


async def test_an_order_that_takes_longer_is_accepted(shop: Shop):
    shop.broker_is_away = True
    async with shop.client() as client:
        answer = await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
        assert answer.status_code == 202
        assert answer.headers["location"] == "/orders/1"
        assert answer.json()["status"] == "pending"
        again = await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
    assert again.json()["orderId"] == 1


async def test_the_same_key_for_another_order_is_refused(shop: Shop):
    async with shop.client() as client:
        await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
        other = await client.post("/orders", json=BODY | {"quantity": 3}, headers=KEY | AT_ONCE)
        fresh = await client.post("/orders", json=BODY, headers=AT_ONCE)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert fresh.json()["orderId"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        BODY | {"quantity": 0},
        BODY | {"quantity": "many"},
        BODY | {"userId": 2**53},
        BODY | {"coupon": "free"},
    ],
)
async def test_a_wrong_order_is_refused_and_nothing_is_kept(shop: Shop, body: dict[str, Any]):
    async with shop.client() as client:
        answer = await client.post("/orders", json=body, headers=AT_ONCE)
    assert answer.status_code == 422
    assert shop.books().rows == ()


async def test_another_tenant_sees_nothing(shop: Shop):
    await place(shop, completed(1))
    await shop.tell(order_failed(1), tenant="2")
    async with shop.client(tenant=2) as client:
        for answer in (
            await client.get("/orders/1"),
            await client.post("/orders/1/cancel", headers=AT_ONCE),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
        same_key = await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
        assert same_key.json()["orderId"] == 2
    async with shop.client() as client:
        assert (await client.get("/orders/1")).json()["status"] == "completed"


async def test_an_order_of_another_front_door_is_known_and_its_number_not_minted(shop: Shop):
    await shop.tell(OrderPlaced(order_id=41, user_id=1, product_id=3, quantity=2))
    async with shop.client() as client:
        assert (await client.get("/orders/41")).json()["status"] == "placed"
        ours = await client.post("/orders", json=BODY, headers=AT_ONCE)
    assert ours.json()["orderId"] == 42


async def test_late_and_repeated_events_change_nothing(shop: Shop):
    await place(shop, completed(1))
    await shop.tell(OrderPlaced(order_id=1, user_id=1, product_id=3, quantity=2))
    await shop.tell(order_failed(1))
    async with shop.client() as client:
        assert (await client.get("/orders/1")).json()["status"] == "completed"
