"""Order cancellation, told with the given / expect DSL."""

import pytest

from contracts.inventory import RestoreStock, StockRestored
from contracts.orders import (
    AbandonCancellation,
    BeginCancellation,
    CancellationAbandoned,
    CancellationBegun,
    CancelOrder,
    OrderCancelled,
)
from contracts.payment import PaymentRefunded, RefundPayment
from contracts.shipping import CancelShipment, ShipmentCancelled
from orchestrator.testing import Scenario, given
from sagas.order_cancellation import order_cancellation


def asked() -> Scenario:
    return (
        given(order_cancellation)
        .start(CancelOrder(order_id=1, reason="too late"))
        .expect(BeginCancellation(order_id=1))
    )


def begun() -> Scenario:
    return asked().reply(CancellationBegun(order_id=1)).expect(CancelShipment(order_id=1))


def stopped() -> Scenario:
    return begun().reply(ShipmentCancelled(shipment_id=7)).expect(RestoreStock(order_id=1))


def test_everything_goes_back() -> None:
    (
        stopped()
        .reply(StockRestored(quantity=4))
        .expect(RefundPayment(order_id=1))
        .reply(PaymentRefunded(amount=1000, currency="EUR"))
        .expect_completed()
        .expect_event(OrderCancelled(order_id=1, amount=1000, currency="EUR"))
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [("order_not_found", 404), ("order_not_completed", 409), ("already_cancelled", 409)],
)
def test_an_order_that_cannot_be_cancelled(code: str, status: int) -> None:
    asked().refuse("order", code).expect_nothing().expect_failed(
        code=code, status=status, undone=()
    )


def test_a_shipment_that_left_stops_the_cancellation() -> None:
    (
        begun()
        .refuse("shipping", "shipment_left", "it left yesterday")
        .expect(AbandonCancellation(order_id=1))
        .reply(CancellationAbandoned(order_id=1))
        .expect_failed(
            code="shipment_left", reason="it left yesterday", status=409, undone=["order"]
        )
    )


def test_the_pivot_is_asked_until_its_outcome_is_known() -> None:
    (
        begun()
        .after(seconds=10 + 1)
        .expect(CancelShipment)
        .fail("shipping")
        .after(seconds=2)
        .expect(CancelShipment)
        .reply(ShipmentCancelled(shipment_id=7))
        .expect(RestoreStock)
        .expect_running()
    )


def test_past_the_pivot_nothing_gives_up() -> None:
    scenario = stopped()
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        scenario.fail("inventory").after(seconds=pause).expect(RestoreStock).expect_running()
    scenario.reply(StockRestored(quantity=4)).expect(RefundPayment)


def test_when_even_that_is_not_enough_a_person_decides() -> None:
    scenario = stopped()
    for _ in range(99):
        scenario.fail("inventory").wait().expect(RestoreStock)
    (
        scenario.fail("inventory")
        .expect_needs_operator("inventory")
        .repair("retry", reason="the service is back")
        .expect(RestoreStock)
        .reply(StockRestored(quantity=4))
        .expect(RefundPayment)
        .expect_running()
    )
