"""The lifecycle of an order, told with the given / expect DSL: all goes well, refused, and late in
each of its states.
"""

import pytest

from contracts.lifecycle import (
    CloseOrder,
    LifecycleCompleted,
    LifecycleStarted,
    MarkShipped,
    OrderClosed,
    OrderReceived,
    OrderShipped,
    ReceiveOrder,
    ValidateOrder,
)
from contracts.payment import OrderCharged
from contracts.product import QuoteItems
from orchestrator.testing import given
from sagas.order_lifecycle import order_lifecycle
from tests.unit.sagas.lifecycle import (
    CHARGE,
    ITEMS,
    LEIPZIG,
    ORDER,
    QUOTED,
    REFUND,
    REFUNDED,
    VALIDATED,
    charging,
    closed,
    marking,
    quoted,
    shipping,
    started,
)


def test_all_goes_well() -> None:
    scenario = marking().reply(OrderShipped(shipped_at="now")).expect_completed()
    scenario.expect_event(
        LifecycleStarted(order_id="order-1", payment_id="p-1", items=ITEMS, address=LEIPZIG),
        LifecycleCompleted(
            order_id="order-1",
            payment_id="p-1",
            amount=23_800,
            currency="EUR",
            package_id=7,
            carrier="Parcel Post",
            tracking_number="PP7",
            shipped_to=LEIPZIG.line,
            shipped_at="now",
        ),
    )


def test_the_timeouts_of_the_seed_and_its_deadline() -> None:
    steps = {node.name: node for node in order_lifecycle.definition.body}  # type: ignore[union-attr]
    times = {name: step.timeout_ms for name, step in steps.items()}  # type: ignore[union-attr]
    assert {name: times[name] for name in ("receive", "validate", "review", "payment")} == {
        "receive": 3_000,
        "validate": 3_000,
        "review": 2_000,
        "payment": 3_000,
    }
    assert order_lifecycle.definition.deadline_ms == 15_000
    for name in ("receive", "validate", "payment"):
        retry = steps[name].retry  # type: ignore[union-attr]
        assert (retry.attempts, retry.initial_ms, retry.maximum_ms, retry.coefficient) == (
            3,
            1_000,
            10_000,
            2.0,
        )


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("no_items", 422),
        ("product_not_found", 404),
        ("invalid_quantity", 422),
        ("mixed_currencies", 422),
    ],
)
def test_an_order_that_cannot_be_had(code: str, status: int) -> None:
    scenario = quoted().refuse("validate", code).expect(CloseOrder)
    scenario.reply(OrderClosed(state="failed"))
    scenario.expect_failed(code=code, status=status, undone=["receive"])


def test_a_reference_that_is_taken_undoes_nothing() -> None:
    started().refuse("receive", "order_exists").expect_nothing().expect_failed(
        code="order_exists", undone=()
    )


def test_a_payment_that_is_anothers() -> None:
    scenario = charging().refuse("payment", "payment_id_used").expect(CloseOrder)
    scenario.reply(OrderClosed(state="failed")).expect_failed(
        code="payment_id_used", undone=["receive"]
    )


def test_the_failure_of_the_child_comes_back_as_the_reason() -> None:
    reason = "prepare: McMurdo, AQ is not served"
    scenario = shipping().refuse("shipping", "address_not_served", reason).expect(REFUND)
    scenario.reply(REFUNDED).expect(CloseOrder).reply(OrderClosed(state="failed"))
    scenario.expect_failed(
        code="address_not_served", reason="McMurdo", status=409, undone=["payment", "receive"]
    )


def test_at_the_deadline_what_was_done_is_undone_and_what_comes_late_changes_nothing() -> None:
    scenario = given(order_lifecycle).start(ORDER).after(seconds=2.9).expect(ReceiveOrder)
    scenario.reply(OrderReceived(received_at="then")).after(seconds=2.9).expect(QuoteItems)
    scenario.reply(QUOTED).after(seconds=2.9).expect(ValidateOrder).reply(VALIDATED)
    scenario.after(seconds=2).expect(CHARGE).fail("payment").after(seconds=1).expect(CHARGE)
    scenario.after(seconds=3).expect_nothing().expect_running()
    scenario.after(seconds=0.3).expect(REFUND)  # 15 s: it is not charged a third time
    scenario.reply(OrderCharged(charge_id=1), to="payment").expect_nothing()
    closed(scenario.reply(REFUNDED), "deadline_exceeded", "deadline exceeded")
    scenario.expect_failed(code="deadline_exceeded", status=504, undone=["payment", "receive"])


def test_past_the_pivot_the_deadline_makes_it_late_and_undoes_nothing() -> None:
    scenario = marking().after(seconds=2.9).expect_nothing().after(seconds=20)
    scenario.expect_late().expect(*[MarkShipped] * 3)
    scenario.reply(OrderShipped(shipped_at="now")).expect_completed()
