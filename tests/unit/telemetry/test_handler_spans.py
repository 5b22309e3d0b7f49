"""Spans of handlers: under their command, and only for what was committed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts.orders import OrderPlaced
from contracts.payment import ChargePayment
from infra.boundaries import Boundary
from infra.datastore import transaction
from services import payment
from services.orders import participant as orders
from services.participant.errors import StorageFault
from tests.unit.services.desk import Desk
from tests.unit.services.messages import NOW, Consumed, event
from tests.unit.telemetry.recorder import Recorder

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CHARGE = ChargePayment(order_id=1, user_id=1, amount=1_000, currency="EUR")


@pytest.fixture(name="recorder")
def _recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr("services.participant.batch.spans_of", lambda _: recorder)
    return recorder


@pytest.fixture(name="desk")
def _desk(recorder: Recorder, tmp_path: Path) -> Iterator[Desk]:
    del recorder  # it must be there first
    desk = Desk(payment.participant, tmp_path)
    yield desk
    desk.database.close()


async def test_a_handler_is_under_its_command(desk: Desk, recorder: Recorder):
    await desk.ask(CHARGE, traceparent=PARENT)
    (span,) = recorder.spans
    assert (span.name, span.kind, span.error) == ("handle ChargePayment", "consumer", "")
    assert span.parent == PARENT
    assert span.traceparent[:36] == PARENT[:36] and span.traceparent != PARENT
    assert span.start_ns == NOW * 1_000_000
    assert span.attributes["saga.outcome"] == "succeeded"
    assert span.attributes["saga.repeated"] is False
    assert recorder.open == []


async def test_a_refusal_and_a_repetition_are_told(desk: Desk, recorder: Recorder):
    poor = CHARGE.model_copy(update={"amount": 10**9})
    await desk.ask(poor, traceparent=PARENT, saga="7")
    await desk.ask(poor, traceparent=PARENT, saga="7")
    first, again = recorder.spans
    for span in (first, again):
        assert span.error.startswith("insufficient_funds: ")
        assert span.attributes["error.type"] == "insufficient_funds"
    assert [s.attributes["saga.repeated"] for s in (first, again)] == [False, True]
    assert first.traceparent != again.traceparent


async def test_what_is_not_sampled_has_no_span(desk: Desk, recorder: Recorder):
    outcome, _ = await desk.ask(CHARGE, traceparent=PARENT[:-2] + "00")
    assert outcome == "succeeded"
    assert recorder.spans == []


async def test_a_command_without_a_trace_begins_one(desk: Desk, recorder: Recorder):
    await desk.ask(CHARGE)
    await desk.ask(CHARGE, traceparent="nonsense")
    assert [span.parent for span in recorder.spans] == ["", ""]
    assert len({span.traceparent for span in recorder.spans}) == 2


async def test_a_transaction_that_failed_sends_nothing(
    desk: Desk, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
):
    @contextmanager
    def full(db: sqlite3.Connection, boundary: Boundary) -> Iterator[None]:
        """The disk is full when it comes to the commit."""
        with transaction(db, boundary):
            yield
            raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("services.participant.batch.transaction", full)
    with pytest.raises(StorageFault):
        await desk.ask(CHARGE, traceparent=PARENT)
    assert recorder.spans == []


async def test_an_event_is_followed_under_its_saga(recorder: Recorder, tmp_path: Path):
    desk = Desk(orders, tmp_path)
    placed = OrderPlaced(order_id=1, user_id=1, product_id=1, quantity=1)
    raw = event("OrderPlaced", placed.model_dump(), saga="1024", traceparent=PARENT)
    await desk.handler.handle([Consumed(raw, "order.events")])
    desk.database.close()
    (span,) = recorder.spans
    assert (span.name, span.parent) == ("follow OrderPlaced", PARENT)
    assert span.attributes["messaging.destination.name"] == "order.events"


async def test_spans_of_a_handlers_own_come_under_it(
    desk: Desk, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
):
    seen: list[str] = []
    handler = payment.participant.commands["ChargePayment"]

    def spying(command, work):
        seen.extend(recorder.open)
        return handler.function(command, work)

    spy = type(handler)(handler.command, spying, False)
    monkeypatch.setitem(payment.participant.commands, "ChargePayment", spy)
    await desk.ask(CHARGE, traceparent=PARENT)
    assert seen == [recorder.spans[0].traceparent]
