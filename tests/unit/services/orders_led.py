"""Orders that are led through a lifecycle, for tests: what is sent to the shop, and told to it."""

import asyncio
from typing import Any
from unittest.mock import patch

import httpx

from contracts.address import Address
from contracts.lifecycle import LifecycleCompleted, LifecycleFailed, LifecycleStarted, StartOrder
from contracts.product import Item
from contracts.saga_events import Move, SagaProgressed, SagaSignalled, SagaTurned
from services.orders.lifecycle import http
from tests.unit.services.shop import Shop

LEIPZIG = {
    "street": "Lindenallee 12",
    "city": "Leipzig",
    "state": "",
    "zip_code": "04317",
    "country": "DE",
}
BASEL = {**LEIPZIG, "street": "Rheingasse 7", "city": "Basel", "zip_code": "4058", "country": "CH"}
BODY = {"initial_address": LEIPZIG, "items": [{"product_id": 3, "quantity": 2}]}
CANCEL = {"reason": "ordered twice", "cancelled_by": "ann"}
AT_ONCE = {"Prefer": "wait=0"}
REFERENCE = "order-123"
SAGA = 1024
CHILD = 2049


def wanted(reference: str = REFERENCE, payment: str = "") -> StartOrder:
    """The input of the order's saga."""
    items = [Item(product_id=3, quantity=2)]
    payment_id = payment or f"{reference}-payment"
    address = Address.model_validate(LEIPZIG)
    return StartOrder(order_id=reference, items=items, address=address, payment_id=payment_id)


def started(reference: str = REFERENCE) -> LifecycleStarted:
    """Its saga has begun."""
    return LifecycleStarted.model_validate(wanted(reference).model_dump())


def completed() -> LifecycleCompleted:
    """It is with the carrier."""
    return LifecycleCompleted(
        order_id=REFERENCE,
        payment_id=f"{REFERENCE}-payment",
        amount=23_800,
        currency="EUR",
        package_id=1,
        carrier="Parcel Post",
        tracking_number="PP1",
        shipped_to="Lindenallee 12, 04317 Leipzig, DE",
        shipped_at="2023-11-14T22:13:20.000+00:00",
    )


def failed(
    code: str = "cancelled", reason: str = "cancelled by ann: ordered twice"
) -> LifecycleFailed:
    """It came to nothing."""
    undone = ["payment", "receive"]
    return LifecycleFailed(order_id=REFERENCE, code=code, reason=reason, status=409, undone=undone)


def moved(
    step: str, phase: Any = "sent", direction: Any = "do", *, parent: int = 0, number: int = 1
) -> SagaProgressed:
    """A step has moved; with a parent that of the child saga."""
    asked = number if phase == "sent" else 0
    move = Move(
        step=step,
        direction=direction,
        phase=phase,
        round=1 if asked else 0,
        attempt=asked,
    )
    definition = "shipping" if parent else "order-lifecycle"
    return SagaProgressed(definition=definition, moves=[move], parent=parent)


def turned(
    code: str = "cancelled", reason: str = "cancelled by ann: ordered twice", *, parent: int = 0
) -> SagaTurned:
    """Nothing more is begun; with a parent that of the child saga."""
    definition = "shipping" if parent else "order-lifecycle"
    return SagaTurned(definition=definition, code=code, reason=reason, status=409, parent=parent)


def told(
    outcome: Any, id: str, why: str = "", signal: str = "cancel"
) -> SagaSignalled:  # pylint: disable=redefined-builtin
    """What became of a signal."""
    return SagaSignalled(
        definition="order-lifecycle",
        signal=signal,
        id=id,
        outcome=outcome,
        why=why,
        by="ann",
        reason="ordered twice",
    )


class Led:
    """The events of one order's saga, told to the shop."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def tell(self, *facts: Any, saga: int = SAGA, key: str = REFERENCE) -> None:
        """They become known, one after another."""
        for fact in facts:
            self.shop.clock.advance(1)
            await self.shop.tell(fact, key, saga=str(saga))

    async def child(self, *facts: Any) -> None:
        """The same of its child."""
        await self.tell(*facts, saga=CHILD, key=f"1/{SAGA}/shipping/do/1")


async def place(shop: Shop) -> None:
    """Start the order, whose saga is not heard of yet."""
    async with shop.client() as client:
        await client.post(f"/orders/{REFERENCE}/start", json=BODY, headers=AT_ONCE)


async def begin(shop: Shop, client: httpx.AsyncClient) -> httpx.Response:
    """Start the order; its saga begins while the customer waits, however busy the machine is."""
    with patch.object(http, "BEGUN_S", 20.0):
        asked = asyncio.create_task(client.post(f"/orders/{REFERENCE}/start", json=BODY))
        await shop.last_start()
        await Led(shop).tell(started())
        return await asked


async def look(shop: Shop, what: str = "status") -> Any:
    """How the order stands, or its history."""
    async with shop.client() as client:
        return (await client.get(f"/orders/{REFERENCE}/{what}")).json()


async def lines(shop: Shop, kind: str) -> list[Any]:
    """The lines of this kind in its history."""
    return [line for line in (await look(shop, "history"))["items"] if line["type"] == kind]


async def statuses(shop: Shop) -> list[str]:
    """What its status has been, one after another."""
    return [line["data"]["to"] for line in await lines(shop, "status")]
