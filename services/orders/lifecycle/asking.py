"""Asks the orchestrator, and again for what it may never have got.

An order and a signal are written down before they are asked for; what a crash leaves between the
two is found here. Both have an identity, so asking too often is harmless (DESIGN law 4). Hence that
the broker has a request is noted only of what is asked for again: of nearly everything an event
tells within a moment that the saga has it, and a transaction of its own is what a request costs
most.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import structlog

from infra.broker.errors import BrokerError
from services.orders.lifecycle.model import SQL
from services.orders.lifecycle.starts import LIFECYCLE, Told, tell
from services.orders.starts import Start, publish
from services.participant import Running, StorageFault

log = structlog.get_logger(__name__)

_PENDING_LIFECYCLES: Final = SQL["pending_lifecycles"]
_LIFECYCLE_ASKED: Final = SQL["lifecycle_asked"]
_PENDING_SIGNALS: Final = SQL["pending_signals"]
_SIGNAL_ASKED: Final = SQL["signal_asked"]


async def ask_to_start(running: Running, start: Start) -> bool:
    """Publish the start of an order's saga; whether the broker has it."""
    try:
        await publish(running, start)
    except BrokerError as error:  # refused for now: it stays as it is, and is asked for again
        log.error("start not published", key=start.key, error=str(error))
        return False
    return True


async def ask_to_tell(running: Running, told: Told) -> bool:
    """Publish a signal to the saga of an order; whether the broker has it."""
    try:
        await tell(running, told)
    except BrokerError as error:
        log.error("signal not published", key=told.key, signal=told.id, error=str(error))
        return False
    return True


async def sweep(running: Running, limits: dict[str, int]) -> None:
    """Ask again for all that is within the limits: starts first, as signals follow them."""
    for number, tenant, _, key, wanted in _pages(running, _PENDING_LIFECYCLES, limits):
        if await ask_to_start(running, Start(tenant, LIFECYCLE, key, json.loads(wanted))):
            await _note(running, _LIFECYCLE_ASKED, {"id": number})
    for *fields, data in _signals(running, limits):
        told = Told._make((*fields, json.loads(data), ""))
        if await ask_to_tell(running, told):
            await _note(running, _SIGNAL_ASKED, {"id": told.lifecycle, "signal_id": told.id})


def _pages(running: Running, statement: str, limits: dict[str, int]) -> Iterator[Any]:
    after = 0
    while rows := running.reader.execute(statement, {**limits, "after": after}).fetchall():
        yield from rows
        after = rows[-1][0]


def _signals(running: Running, limits: dict[str, int]) -> Iterator[Any]:
    after: tuple[int, str] = (0, "")
    while True:
        place = {**limits, "after": after[0], "after_id": after[1]}
        rows = running.reader.execute(_PENDING_SIGNALS, place).fetchall()
        if not rows:
            return
        yield from rows
        after = (rows[-1][0], rows[-1][4])


async def _note(running: Running, statement: str, key: dict[str, Any]) -> None:
    try:
        async with running.writing() as db:
            db.execute(statement, key)
    except StorageFault as error:  # not noted: it is asked for again, which is harmless
        log.error("request not noted", **key, error=str(error))
