"""given / expect about a saga that is told to stop, and about its deadline."""

import pytest

from contracts.inventory import ReserveStock, RestoreStock
from contracts.orders import OrderFailed, PlaceOrder
from contracts.payment import ChargePayment, RefundPayment
from contracts.product import ProductQuoted, QuoteProduct
from contracts.shipping import CancelShipment, ScheduleShipment
from orchestrator.definition import pivot, read, retriable, saga
from orchestrator.testing import given
from sagas.order_fulfillment import order_fulfillment

ORDER = PlaceOrder(order_id=1, user_id=2, product_id=3, quantity=4)
QUOTED = ProductQuoted(product_id=3, name="Lamp", unit_price=250, amount=1000, currency="EUR")

quoting = (
    saga("quoting", input=PlaceOrder, deadline=5)
    .then(read("first", QuoteProduct))
    .then(pivot("second", QuoteProduct))
    .then(retriable("third", QuoteProduct))
    .ends()
)


def test_a_cancelled_order_is_undone() -> None:
    (
        given(order_fulfillment)
        .start(ORDER)
        .expect(QuoteProduct)
        .reply(QUOTED)
        .expect(ChargePayment, ReserveStock, ScheduleShipment)
        .cancel("ordered twice", by="ann", id="c-1")
        .expect_nothing()
        .after(seconds=10)  # nobody answers: perhaps done, and so undone too
        .expect(CancelShipment, RestoreStock, RefundPayment)
        .cancel("ordered twice", by="ann", id="c-1")
        .expect_nothing()
    )


def test_who_and_why_is_told() -> None:
    scenario = given(order_fulfillment).start(ORDER).expect(QuoteProduct)
    scenario.cancel("ordered twice", by="ann").reply(QUOTED)
    scenario.expect_failed(code="cancelled", status=409, reason="by ann: ordered twice", undone=())
    scenario.expect_event(OrderFailed)
    scenario.cancel("once more").expect_refused("has ended: failed")


def test_what_was_not_refused_is_not_expected_to_be() -> None:
    scenario = given(order_fulfillment).start(ORDER)
    with pytest.raises(AssertionError, match="expected the last signal to be refused, it was not"):
        scenario.expect_refused()
    scenario.cancel()
    with pytest.raises(AssertionError, match="it was not"):
        scenario.expect_refused()
    scenario.cancel()
    with pytest.raises(AssertionError, match="it was with 'the saga is being undone already"):
        scenario.expect_refused("no way back")


def test_the_deadline_stops_forward_work() -> None:
    (
        given(quoting)
        .start(ORDER)
        .expect(QuoteProduct)
        .after(seconds=4.9)
        .expect_running()
        .after(seconds=0.1)
        .reply(QUOTED)
        .expect_nothing()
        .expect_failed(code="deadline_exceeded", status=504, undone=())
    )


def test_past_the_pivot_it_is_late_and_goes_on() -> None:
    scenario = given(quoting).start(ORDER).expect(QuoteProduct).reply(QUOTED)
    with pytest.raises(AssertionError, match="expected the saga to be late, it is not"):
        scenario.expect_late()
    scenario.expect(QuoteProduct).after(seconds=5).expect_late().reply(QUOTED, to="second")
    scenario.expect(QuoteProduct).reply(QUOTED, to="third").expect_completed().expect_late()
