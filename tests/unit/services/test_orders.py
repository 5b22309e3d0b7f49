"""The front door: orders over HTTP, folded from events, and cancelled once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from contracts.orders import (
    AbandonCancellation,
    BeginCancellation,
    OrderCancelled,
    OrderCompleted,
    OrderFailed,
    OrderPlaced,
)
from contracts.saga_events import SagaFailed, SagaRefused
from contracts.topics import partition_of_start
from services.orders.sweeper import EVERY_S, sweep
from tests.unit.services.shop import Shop

BODY = {"userId": 1, "productId": 3, "quantity": 2}
KEY = {"Idempotency-Key": "k1"}
AT_ONCE = {"Prefer": "wait=0"}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def completed(order_id: int) -> OrderCompleted:
    return OrderCompleted(
        order_id=order_id,
        user_id=1,
        product_id=3,
        quantity=2,
        amount=23_800,
        currency="EUR",
        payment_id=5,
        shipment_id=6,
        address="Lindenallee 12, Leipzig, DE",
        expected_delivery="2026-11-23",
    )


def order_failed(order_id: int, status: int = 409) -> OrderFailed:
    return OrderFailed(
        order_id=order_id,
        code="out_of_stock" if status == 409 else "product_not_found",
        reason="inventory: too few; payment: too poor",
        status=status,
        undone=["shipping"],
    )


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


async def place(shop: Shop, *facts: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    """Place an order; these facts become known while the customer waits."""
    async with shop.client() as client:
        asked = asyncio.create_task(client.post("/orders", json=BODY, headers=headers or KEY))
        await shop.last_start()
        for fact in facts:
            await shop.tell(fact)
        return await asked


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


async def test_what_a_crash_left_unasked_is_asked_again(shop: Shop):
    shop.broker_is_away = True
    async with shop.client() as client:
        await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
    await shop.tell(completed(7))
    async with shop.client() as client:
        await client.post("/orders/7/cancel", headers=AT_ONCE)
    shop.broker_is_away = False
    await sweep(shop, everything=False)
    assert not shop.asked, "it may still be on its way"
    shop.clock.advance(int(EVERY_S * 1_000))
    await sweep(shop, everything=False)
    expected = ["order-1", "order-7-cancel-1"]
    assert [start["requestkey"] for start in shop.asked] == expected
    await sweep(shop, everything=False)
    assert len(shop.asked) == 2
    await sweep(shop, everything=True)
    assert [start["requestkey"] for start in shop.asked] == expected * 2


@contextmanager
def full_disk(db: sqlite3.Connection, write: str) -> Iterator[None]:
    """Every such write to the orders needs more pages than the disk has."""
    db.execute("CREATE TABLE ballast (x)")
    db.execute(
        f"CREATE TEMP TRIGGER heavy AFTER {write} ON orders"
        " BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END"
    )
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    yield
    db.execute("PRAGMA max_page_count = 1000000")
    db.execute("DROP TRIGGER heavy")


async def test_on_a_full_disk_an_order_is_not_taken_and_the_log_has_one_line(shop: Shop):
    with full_disk(shop.db, "INSERT"):
        async with shop.client() as client:
            with capture_logs() as lines:
                answer = await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (503, "database_unavailable")
    assert told["detail"] == "the database cannot be written: database or disk is full"
    assert answer.headers["idempotency-key"] == told["idempotencyKey"] == "k1"
    assert "retry-after" in answer.headers
    assert [line["event"] for line in lines] == ["nothing is taken"]
    assert "exc_info" not in lines[0]
    async with shop.client() as client:
        again = await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
    assert (again.status_code, again.json()["orderId"]) == (202, 1)


async def test_a_start_that_cannot_be_noted_on_a_full_disk_is_asked_again(shop: Shop):
    async with shop.client() as client:
        await client.post("/orders", json=BODY, headers=AT_ONCE)
    await shop.last_start()
    with full_disk(shop.db, "UPDATE"), capture_logs() as lines:
        await sweep(shop, everything=True)
    assert [line["event"] for line in lines] == ["start not noted"]
    assert len(shop.asked) == 2
