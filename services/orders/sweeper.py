"""Asks again for sagas whose start may never have reached the broker.

An order is written down before its saga is asked for, so that nothing is asked for twice under two
ids; what a crash leaves between the two is found here. The same key is the same saga, so asking too
often is harmless (DESIGN law 4).
"""

import asyncio
from typing import Any, Final

import structlog

from infra.broker.errors import BrokerError
from services.orders.handlers import participant
from services.orders.lifecycle import asking as lifecycles
from services.orders.model import SQL
from services.orders.starts import Start, cancellation, fulfillment, publish
from services.participant import Running, StorageFault

log = structlog.get_logger(__name__)

EVERY_S: Final = 5.0
_PENDING_ORDERS = SQL["pending_orders"]
_OPEN_CANCELLATIONS = SQL["open_cancellations"]
_ORDER_ASKED = SQL["order_asked"]
_CANCELLATION_ASKED = SQL["cancellation_asked"]


@participant.background
async def sweep_for_ever(running: Running) -> None:
    """At the start everything that is open, since a broker may have lost it; later what was not
    sent.
    """
    await sweep(running, everything=True)
    while True:
        await asyncio.sleep(EVERY_S)
        await sweep(running, everything=False)


async def sweep(running: Running, *, everything: bool) -> None:
    """Ask again for all that is open, or only for what no broker has acknowledged for a while."""
    now = running.clock.now_ms()
    limits = {
        "asked": int(everything),
        "before": now if everything else now - int(EVERY_S * 1_000),
    }
    for order_id, tenant, *rest in _pages(running, _PENDING_ORDERS, limits, column=0):
        await ask_for_order(running, fulfillment(tenant, order_id, *rest))
    for tenant, order_id, number, why in _pages(running, _OPEN_CANCELLATIONS, limits, column=1):
        await ask_for_cancellation(running, cancellation(tenant, order_id, number, why), number)
    await lifecycles.sweep(running, limits)


def _pages(running: Running, statement: str, limits: dict[str, int], *, column: int) -> Any:
    after = 0
    while rows := running.reader.execute(statement, {**limits, "after": after}).fetchall():
        yield from rows
        after = rows[-1][column]


async def ask_for_order(running: Running, start: Start) -> None:
    """Publish the start of an order's saga, and note that the broker has it."""
    if not await _published(running, start):
        return
    key = {"tenant": start.tenant, "order_id": start.input["order_id"]}
    await _note(running, _ORDER_ASKED, key)


async def ask_for_cancellation(running: Running, start: Start, number: int) -> None:
    """Publish the start of a cancellation, and note that the broker has it."""
    if not await _published(running, start):
        return
    key = {"tenant": start.tenant, "order_id": start.input["order_id"], "number": number}
    await _note(running, _CANCELLATION_ASKED, key)


async def _note(running: Running, statement: str, key: dict[str, int]) -> None:
    try:
        async with running.writing() as db:
            db.execute(statement, key)
    except StorageFault as error:  # not noted: it is asked for again, which is harmless
        log.error("start not noted", order=key["order_id"], error=str(error))


async def _published(running: Running, start: Start) -> bool:
    try:
        await publish(running, start)
    except BrokerError as error:  # refused for now: it stays as it is, and is asked for again
        log.error("start not published", key=start.key, error=str(error))
        return False
    return True
