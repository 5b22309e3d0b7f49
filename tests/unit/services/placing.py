"""Orders placed at the front door by a customer who waits, and how they end."""

import asyncio
from typing import Any

import httpx

from contracts.orders import OrderCompleted, OrderFailed
from tests.unit.services.shop import Shop

BODY = {"userId": 1, "productId": 3, "quantity": 2}
KEY = {"Idempotency-Key": "k1"}
AT_ONCE = {"Prefer": "wait=0"}


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


async def place(shop: Shop, *facts: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    """Place an order; these facts become known while the customer waits."""
    async with shop.client() as client:
        asked = asyncio.create_task(client.post("/orders", json=BODY, headers=headers or KEY))
        await shop.last_start()
        for fact in facts:
            await shop.tell(fact)
        return await asked
