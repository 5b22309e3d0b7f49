"""Completed orders cancelled at the front door: once, and again only if it was undone."""

import asyncio
from typing import Any

import httpx

from contracts.orders import AbandonCancellation, BeginCancellation, OrderCancelled, OrderPlaced
from contracts.saga_events import SagaFailed
from tests.unit.services.placing import AT_ONCE, BODY, KEY, completed, place
from tests.unit.services.shop import Shop


def saga_failed(code: str, reason: str) -> SagaFailed:
    return SagaFailed(
        definition="order-cancellation",
        version="v",
        code=code,
        reason=reason,
        status=409,
        undone=["order"],
        skipped=[],
    )


async def cancel(shop: Shop, *steps: Any, key: str = "order-1-cancel-1") -> httpx.Response:
    """Cancel order 1; the saga's steps and facts follow while the customer waits."""
    async with shop.client() as client:
        asked = asyncio.create_task(client.post("/orders/1/cancel", json={"reason": "too late"}))
        start = await shop.last_start()
        assert (start["requestkey"], start["data"]["definition"]) == (key, "order-cancellation")
        assert start["data"]["input"] == {"order_id": 1, "reason": "too late"}
        for step in steps:
            if isinstance(step, tuple):
                assert (await shop.ask(step[0], **step[1]))[0] == "succeeded"
            else:
                await shop.tell(step, key)
        return await asked


BEGIN = (BeginCancellation(order_id=1), {"saga": "9", "step": "order"})
ABANDON = (AbandonCancellation(order_id=1), {"saga": "9", "step": "order", "direction": "undo"})


async def test_a_completed_order_is_cancelled(shop: Shop):
    await place(shop, completed(1))
    answer = await cancel(shop, BEGIN, OrderCancelled(order_id=1, amount=23_800, currency="EUR"))
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    async with shop.client() as client:
        again = await client.post("/orders/1/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "already_cancelled")


async def test_a_cancellation_that_was_undone_says_why_and_may_be_tried_again(shop: Shop):
    await place(shop, completed(1))
    failure = saga_failed("shipment_left", "the shipment has left")
    answer = await cancel(shop, BEGIN, ABANDON, failure)
    assert (answer.status_code, answer.json()["code"]) == (409, "shipment_left")
    async with shop.client() as client:
        assert (await client.get("/orders/1")).json()["status"] == "completed"
    done = OrderCancelled(order_id=1, amount=23_800, currency="EUR")
    again = (BeginCancellation(order_id=1), {"saga": "10", "step": "order"})
    assert (await cancel(shop, again, done, key="order-1-cancel-2")).status_code == 200


async def test_an_order_that_is_not_completed_cannot_be_cancelled(shop: Shop):
    async with shop.client() as client:
        await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
        early = await client.post("/orders/1/cancel")
        none = await client.post("/orders/2/cancel")
    assert (early.status_code, early.json()["code"]) == (409, "order_not_completed")
    assert (none.status_code, none.json()["code"]) == (404, "order_not_found")


async def test_two_customers_who_cancel_at_once_join_one_cancellation(shop: Shop):
    await place(shop, completed(1))
    async with shop.client() as client:
        first = await client.post("/orders/1/cancel", headers=AT_ONCE)
        second = await client.post("/orders/1/cancel", headers=AT_ONCE)
    assert (first.status_code, second.status_code) == (202, 202)
    await shop.last_start()
    assert [start["requestkey"] for start in shop.asked] == ["order-1", "order-1-cancel-1"]


async def test_two_sagas_cannot_both_cancel_an_order(shop: Shop):
    await shop.tell(completed(1))
    assert await shop.refusal(BeginCancellation(order_id=2)) == ("order_not_found", 404)
    assert (await shop.ask(BeginCancellation(order_id=1)))[0] == "succeeded"
    assert await shop.refusal(BeginCancellation(order_id=1)) == ("already_cancelled", 409)
    await shop.tell(OrderPlaced(order_id=3, user_id=1, product_id=3, quantity=2))
    assert await shop.refusal(BeginCancellation(order_id=3)) == ("order_not_completed", 409)
