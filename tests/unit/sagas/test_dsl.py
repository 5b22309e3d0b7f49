"""The given / expect DSL itself: what it refuses to believe, and what it says then."""

import re
from collections.abc import Callable
from typing import ClassVar

import pytest

from contracts.inventory import ReserveStock
from contracts.messages import Command, Reply
from contracts.orders import OrderCompleted, OrderFailed, PlaceOrder
from contracts.payment import ChargePayment, PaymentCharged
from contracts.product import ProductQuoted, QuoteProduct
from contracts.shipping import ScheduleShipment
from orchestrator.definition import compensatable, parallel, saga
from orchestrator.definition.errors import InvalidInput
from orchestrator.testing import Scenario, given
from sagas.order_fulfillment import order_fulfillment

ORDER = PlaceOrder(order_id=1, user_id=2, product_id=3, quantity=4)
QUOTED = ProductQuoted(product_id=3, name="Lamp", unit_price=250, amount=1000, currency="EUR")


class Holds(Reply):
    held: bool


class Hold(Command):
    service = "hold"
    reply = Holds
    refusals: ClassVar = {"no": 409}

    order_id: int


def started() -> Scenario:
    return given(order_fulfillment).start(ORDER)


def asked() -> Scenario:
    return started().expect(QuoteProduct)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            lambda: given(order_fulfillment).refuse("product", "product_not_found"),
            "the saga has not been started: call .start(...) first",
        ),
        (
            lambda: started().expect(QuoteProduct(product_id=9, quantity=4)),
            "expected QuoteProduct(product_id=9, quantity=4), "
            "sent QuoteProduct(product_id=3, quantity=4)",
        ),
        (
            lambda: started().expect_nothing(),
            "sent, but not expected: QuoteProduct(product_id=3, quantity=4)",
        ),
        (lambda: asked().expect(ChargePayment), "expected ChargePayment(...), sent nothing"),
        (
            lambda: asked().reply(PaymentCharged(payment_id=1, amount=1, currency="EUR")),
            "no expected command is answered with PaymentCharged",
        ),
        (lambda: started().reply(QUOTED), "no expected command is answered with ProductQuoted"),
        (
            lambda: asked().refuse("product", "no_money"),
            "QuoteProduct declares no refusal 'no_money', it declares product_not_found",
        ),
        (
            lambda: asked().refuse("payment", "insufficient_funds"),
            "step 'payment' has no expected command; those that have: product",
        ),
        (
            lambda: refused().wait(),
            "nothing is due: the saga has ended, or waits for a person",
        ),
        (lambda: asked().expect_completed(), "expected the saga to be completed, it is running"),
        (
            lambda: asked().expect_event(OrderCompleted),
            "expected the event OrderCompleted(...), told "
            "OrderPlaced(order_id=1, user_id=2, product_id=3, quantity=4)",
        ),
        (
            lambda: refused().expect_failed(code="other"),
            "expected the code 'other', it is 'product_not_found'",
        ),
        (
            lambda: refused().expect_failed(reason="other"),
            "expected the reason 'other', it is 'product: gone'",
        ),
        (lambda: refused().expect_failed(status=409), "expected the status 409, it is 404"),
        (
            lambda: refused().expect_failed(undone=["product"]),
            "expected ['product'] to be undone, it is []",
        ),
        (
            lambda: refused().expect_event(OrderFailed).expect_event(OrderFailed),
            "expected the event OrderFailed(...), told "
            "OrderPlaced(order_id=1, user_id=2, product_id=3, quantity=4)",
        ),
        (
            lambda: refused().expect_needs_operator("product"),
            "expected the saga to be needs_operator, it is failed",
        ),
    ],
)
def test_what_does_not_hold_is_said(wrong: Callable[[], object], said: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(f"order-fulfillment: {said}\n")):
        wrong()


def refused() -> Scenario:
    return asked().refuse("product", "product_not_found", "gone")


HELD = Holds(held=True)


def two_alike() -> Scenario:
    steps = [compensatable(name, Hold, undo=Hold) for name in ("left", "right")]
    written = saga("holds", input=PlaceOrder).then(parallel(*steps)).ends()
    return given(written).start(ORDER).expect(Hold, Hold)


def test_a_reply_that_answers_several_must_say_which() -> None:
    with pytest.raises(AssertionError, match="Holds answers several, name one of them: to=left"):
        two_alike().reply(HELD)
    two_alike().reply(HELD, to="left").expect_running().reply(HELD, to="right").expect_completed()


def test_the_steps_where_it_stands_are_named() -> None:
    stuck = two_alike().reply(HELD, to="left").refuse("right", "no").expect(Hold)
    stuck.refuse("left", "no").expect_needs_operator("left")
    with pytest.raises(AssertionError, match="expected to stand at right, it stands at left"):
        stuck.expect_needs_operator("right")


def test_a_failure_shows_the_timeline() -> None:
    with pytest.raises(AssertionError) as caught:
        asked().after(seconds=11).expect_completed()
    assert [line.split()[:4] for line in str(caught.value).splitlines()[1:]] == [
        ["0.000", "s", "started", "definition='order-fulfillment',"],
        ["0.000", "s", "emitted", "OrderPlaced(order_id=1,"],
        ["0.000", "s", "sent", "product"],
        ["10.000", "s", "faulted", "step='product',"],
        ["11.000", "s", "sent", "product"],
    ]


def test_commands_may_be_expected_in_any_order() -> None:
    asked().reply(QUOTED).expect(ScheduleShipment, ChargePayment, ReserveStock)


def test_a_message_that_its_contract_refuses_is_nobodys() -> None:
    scenario = asked().reply(QUOTED.model_copy(update={"amount": -1}))
    with pytest.raises(AssertionError, match="does not follow its own contract"):
        scenario.expect(ScheduleShipment, ChargePayment, ReserveStock)


def test_a_wrong_input_is_refused_as_it_would_be_in_production() -> None:
    with pytest.raises(InvalidInput, match="quantity"):
        given(order_fulfillment).start({**ORDER.model_dump(), "quantity": 0})


def test_time_stands_still_unless_it_passes() -> None:
    asked().after(seconds=9.999).expect_nothing().after(seconds=0.001).after(seconds=1).expect(
        QuoteProduct
    )
