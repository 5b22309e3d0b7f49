"""The front door's work for lifecycles, without HTTP: take orders, tell them things, look at them,
wait for them.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, Final, NamedTuple

from contracts.lifecycle import StartOrder
from services.orders.desk import OrderRefused
from services.orders.lifecycle.asking import ask_to_start, ask_to_tell
from services.orders.lifecycle.defaults import Defaults, defaults
from services.orders.lifecycle.model import (
    SQL,
    Lifecycle,
    SignalRow,
    by_reference,
    signal_of,
    steps_of,
    subject,
    too_late,
)
from services.orders.lifecycle.record import Record, dumps
from services.orders.lifecycle.starts import Told, start_of
from services.participant import Running

_INSERT_SIGNAL: Final = SQL["insert_signal"]


class Wanted(NamedTuple):
    """A signal as somebody gives it: ``id`` is its identity, ``data`` what it carries."""

    id: str
    signal: str
    actor: str
    reason: str
    data: dict[str, Any]


class LifecycleDesk:
    """Everything in the name of a tenant; nothing of another one is ever seen."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._asking: set[asyncio.Task[bool]] = set()

    def find(self, tenant: int, reference: str) -> Lifecycle:
        """The order as this service sees it; raises OrderRefused 404."""
        order = by_reference(self.running.reader, tenant, reference)
        if order is None:
            raise OrderRefused("order_not_found", f"there is no order {reference}", 404)
        return order

    def defaults(self, tenant: int) -> Defaults | None:
        """What is ordered, and where it goes, where nobody says so."""
        return defaults(self.running.reader, tenant)

    async def start(
        self, tenant: int, wanted: StartOrder, who: str, *, traceparent: str = ""
    ) -> bool:
        """Take an order; whether it is new. The same reference is the same order.

        It is written down before this returns; its saga is asked for behind it, in the caller's
        trace. Raises OrderRefused 409 when the reference was used for another order.
        """
        async with self.running.writing() as db:
            found = by_reference(db, tenant, wanted.order_id)
            if found is not None and json.loads(found.wanted) != wanted.model_dump():
                reason = (
                    f"there is an order {wanted.order_id} already, and it is another one:"
                    " give this one another reference"
                )
                raise OrderRefused("reference_used", reason, 409)
            if found is not None:
                return False
            at = self.running.clock.now_ms()
            record = Record.take(db, tenant, wanted.order_id, wanted, at)
            record.note("start", who, **wanted.model_dump(exclude={"order_id"}))
        start = start_of(record.order)._replace(traceparent=traceparent)
        self._ask(ask_to_start(self.running, start))
        return True

    async def tell(
        self, tenant: int, reference: str, wanted: Wanted, *, traceparent: str = ""
    ) -> SignalRow:
        """Tell the order something, once; what became of it so far.

        The orchestrator decides, in the order in which it is told things; only where there is no
        saga, it has ended, or there is no way back, the answer is given here. Raises OrderRefused:
        404 for an order that is not there, 422 when the id was used for something else.
        """
        async with self.running.writing() as db:
            order = by_reference(db, tenant, reference)
            if order is None:
                raise OrderRefused("order_not_found", f"there is no order {reference}", 404)
            found = signal_of(db, order, wanted.id)
            if found is not None:
                _same(found, wanted)
                return found
            record = Record(db, order, self.running.clock.now_ms())
            why = too_late(order, wanted.signal, steps_of(db, order))
            _write(record, wanted, why)
        if not why:
            where = (order.id, tenant, reference, order.saga_key)
            self._ask(ask_to_tell(self.running, Told(*where, *wanted, traceparent)))
        found = signal_of(self.running.reader, order, wanted.id)
        assert found is not None
        return found

    def signal(self, tenant: int, reference: str, signal: str) -> SignalRow:
        """What became of a signal; raises OrderRefused 404."""
        found = signal_of(self.running.reader, self.find(tenant, reference), signal)
        if found is None:
            reason = f"order {reference} was told nothing under the id {signal}"
            raise OrderRefused("signal_not_found", reason, 404)
        return found

    async def wait(
        self, tenant: int, reference: str, until: Callable[[Lifecycle], bool], timeout_s: float
    ) -> Lifecycle:
        """The order once ``until`` holds, or as it stands after that time; raises OrderRefused."""

        def look() -> Lifecycle | None:
            order = self.find(tenant, reference)
            return order if until(order) else None

        waiters = self.running.waiters
        found = await waiters.wait_for(subject(tenant, reference), look, timeout_s)
        return found or self.find(tenant, reference)

    async def wait_signal(
        self, tenant: int, reference: str, signal: str, timeout_s: float
    ) -> SignalRow:
        """What became of a signal once it is applied or refused, or as it stands after that time;
        raises OrderRefused.
        """

        def look() -> SignalRow | None:
            found = self.signal(tenant, reference, signal)
            return None if found.outcome in ("pending", "held") else found

        waiters = self.running.waiters
        found = await waiters.wait_for(subject(tenant, reference), look, timeout_s)
        return found or self.signal(tenant, reference, signal)

    def _ask(self, asking: Coroutine[Any, Any, bool]) -> None:
        """Ask in the background: a broker that is away must not hold up the answer."""
        task = asyncio.create_task(asking)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)


def _write(record: Record, wanted: Wanted, why: str) -> None:
    """Write the signal down; one that cannot apply any more (``why``) is refused at once."""
    outcome = "refused" if why else "pending"
    told = {"signal": wanted.signal, "outcome": outcome, "why": why}
    fields = {"actor": wanted.actor, "reason": wanted.reason, "data": dumps(wanted.data)}
    at = record.at if why else None
    record.write(
        _INSERT_SIGNAL, signal_id=wanted.id, **told, **fields, asked=int(bool(why)), decided_at=at
    )
    given = {"id": wanted.id, "reason": wanted.reason, "data": wanted.data}
    record.note("signal", wanted.actor, **given, **told)


def _same(found: SignalRow, wanted: Wanted) -> None:
    """Raises OrderRefused 422 where this id was used for another signal."""
    before = (found.signal, found.actor, found.reason)
    # of one that came by way of somebody else only that much is known
    known = found.data == "{}" or json.loads(found.data) == wanted.data
    if before != (wanted.signal, wanted.actor, wanted.reason) or not known:
        reason = f"this Idempotency-Key was used before: for {found.signal}, with other content"
        raise OrderRefused("idempotency_key_reused", reason, 422)
