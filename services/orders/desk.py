"""The front door's work without HTTP: take orders, cancel them, look at them, wait for them."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from services.orders.model import (
    SQL,
    Cancellation,
    Failure,
    Order,
    find_order,
    last_cancellation,
    subject,
)
from services.orders.starts import cancellation, fulfillment
from services.orders.sweeper import ask_for_cancellation, ask_for_order
from services.participant import Running

_ORDER_BY_KEY = SQL["order_by_key"]
_TAKE_ORDER = SQL["take_order"]
_ASK_CANCELLATION = SQL["ask_cancellation"]


class OrderRefused(Exception):
    """What was asked for cannot be; ``failure`` says why."""

    def __init__(self, code: str, reason: str, status: int) -> None:
        super().__init__(reason)
        self.failure = Failure(code, reason, status)


class OrderDesk:
    """Everything in the name of a tenant; nothing of another one is ever seen."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._asking: set[asyncio.Task[None]] = set()

    def find(self, tenant: int, order_id: int) -> Order:
        """The order as this service sees it; raises OrderRefused 404."""
        order = find_order(self._running.reader, tenant, order_id)
        if order is None:
            raise OrderRefused("order_not_found", f"there is no order {order_id}", 404)
        return order

    async def place(
        self,
        tenant: int,
        key: str,
        wanted: tuple[int, int, int],
        *,
        traceparent: str = "",
    ) -> tuple[int, bool]:
        """Take an order; its id, and whether it is new. The same key is the same order.

        ``wanted``: user, product, quantity. The order is written down before this returns; its saga
        is asked for behind it, in the caller's trace. Raises OrderRefused 422 when the key was used
        for another order.
        """
        async with self._running.writing() as db:
            found = db.execute(_ORDER_BY_KEY, {"tenant": tenant, "key": key}).fetchone()
            if found is not None and found[1:] != wanted:
                reason = "this Idempotency-Key was used for another order"
                raise OrderRefused("idempotency_key_reused", reason, 422)
            if found is not None:
                return found[0], False
            at = self._running.clock.now_ms()
            order_id = db.execute(_TAKE_ORDER, (tenant, key, *wanted, at, at)).lastrowid or 0
        start = fulfillment(tenant, order_id, *wanted)._replace(traceparent=traceparent)
        self._ask(ask_for_order(self._running, start))
        return order_id, True

    async def wait(self, tenant: int, order_id: int, timeout_s: float) -> Order:
        """The order once it is settled, or as it stands after that time; raises OrderRefused."""

        def look() -> Order | None:
            order = self.find(tenant, order_id)
            return order if order.settled else None

        waiters = self._running.waiters
        settled = await waiters.wait_for(subject(tenant, order_id), look, timeout_s)
        return settled or self.find(tenant, order_id)

    async def cancel(self, tenant: int, order_id: int, why: str, *, traceparent: str = "") -> int:
        """Ask for the order's cancellation, or join the one that is open; its number.

        Raises OrderRefused when the order is not there or is not completed.
        """
        async with self._running.writing() as db:
            order = find_order(db, tenant, order_id)
            if order is None:
                raise OrderRefused("order_not_found", f"there is no order {order_id}", 404)
            last = last_cancellation(db, tenant, order_id)
            if last is not None and last.status == "open":
                return last.number
            _may_be_cancelled(order)
            number = last.number + 1 if last else 1
            at = self._running.clock.now_ms()
            key = {"tenant": tenant, "order_id": order_id, "number": number}
            db.execute(_ASK_CANCELLATION, {**key, "why": why, "at": at})
        start = cancellation(tenant, order_id, number, why)._replace(traceparent=traceparent)
        self._ask(ask_for_cancellation(self._running, start, number))
        return number

    async def wait_cancelled(
        self, tenant: int, order_id: int, number: int, timeout_s: float
    ) -> Cancellation | None:
        """The cancellation once it is over, or None when it is still open after ``timeout_s``."""

        def look() -> Cancellation | None:
            last = last_cancellation(self._running.reader, tenant, order_id)
            over = last is not None and (last.number > number or last.status != "open")
            return last if over else None

        waiters = self._running.waiters
        return await waiters.wait_for(subject(tenant, order_id), look, timeout_s)

    def _ask(self, asking: Coroutine[Any, Any, None]) -> None:
        """Ask in the background: a broker that is away must not hold up the answer."""
        task = asyncio.create_task(asking)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)


def _may_be_cancelled(order: Order) -> None:
    if order.status in ("cancelling", "cancelled"):
        reason = f"order {order.id} is {order.status} already"
        raise OrderRefused("already_cancelled", reason, 409)
    if order.status != "completed":
        reason = f"order {order.id} is {order.status}; only a completed one can be cancelled"
        raise OrderRefused("order_not_completed", reason, 409)
