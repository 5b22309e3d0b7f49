"""What is said to an order in each state of its lifecycle, told with the given / expect DSL: cancel
it, send it elsewhere, review it.
"""

from collections.abc import Callable

import pytest

from contracts.lifecycle import (
    CloseOrder,
    LifecycleFailed,
    MarkShipped,
    OrderAddressUpdated,
    OrderClosed,
    OrderReceived,
    OrderShipped,
    OrderValidated,
    ReviewOrder,
    UpdateAddress,
)
from contracts.payment import OrderCharged
from contracts.product import ItemsQuoted
from contracts.shipping import ShipOrder
from orchestrator.definition.overrides import overridden
from orchestrator.testing import Scenario
from sagas.order_lifecycle import order_lifecycle
from tests.unit.sagas.lifecycle import (
    BASEL,
    CHARGE,
    DISPATCHED,
    ITEMS,
    QUOTED,
    REFUND,
    REFUNDED,
    VALIDATED,
    WHY,
    cancel,
    charging,
    closed,
    in_review,
    marking,
    quoted,
    received,
    shipping,
    started,
)

ELSEWHERE = UpdateAddress(new_address=BASEL)


# ---------------------------------------------------------------- cancelled in each state


def test_cancelled_while_it_is_received() -> None:
    scenario = cancel(started()).expect_applied().expect_nothing()
    closed(scenario.reply(OrderReceived(received_at="then")), "cancelled", WHY)
    scenario.expect_failed(code="cancelled", status=409, undone=["receive"])
    scenario.expect_event(
        LifecycleFailed(
            order_id="order-1", code="cancelled", reason=WHY, status=409, undone=["receive"]
        )
    )


@pytest.mark.parametrize(
    ("where", "reply"), [(received, QUOTED), (quoted, VALIDATED)], ids=["quote", "validate"]
)
def test_cancelled_while_it_is_quoted_or_validated(
    where: Callable[[], Scenario], reply: ItemsQuoted | OrderValidated
) -> None:
    scenario = cancel(where()).reply(reply)
    closed(scenario, "cancelled", WHY).expect_failed(code="cancelled", undone=["receive"])


def test_cancelled_while_it_is_reviewed() -> None:
    scenario = closed(cancel(in_review()), "cancelled", WHY)
    scenario.expect_failed(code="cancelled", undone=["receive"])


def test_cancelled_while_it_is_charged_the_payment_goes_back() -> None:
    scenario = cancel(charging()).expect_nothing().reply(OrderCharged(charge_id=1)).expect(REFUND)
    closed(scenario.reply(REFUNDED), "cancelled", WHY)
    scenario.expect_failed(code="cancelled", undone=["payment", "receive"])


def test_cancelled_while_it_is_shipped_the_child_decides() -> None:
    scenario = cancel(shipping()).expect_held("shipping").decide("shipping").expect_applied()
    scenario.refuse("shipping", "cancelled", WHY).expect(REFUND)
    closed(scenario.reply(REFUNDED), "cancelled", WHY)
    scenario.expect_failed(code="cancelled", undone=["payment", "receive"])


def test_cancelled_after_the_carrier_was_asked_is_refused_and_it_goes_on() -> None:
    why = "there is no way back any more: dispatch has been commanded"
    scenario = cancel(shipping()).expect_held("shipping").decide("shipping", why)
    scenario.expect_refused(why).reply(DISPATCHED).expect(MarkShipped)
    scenario.cancel().expect_refused("no way back")
    scenario.reply(OrderShipped(shipped_at="now")).expect_completed()


def test_the_same_signal_twice_is_one() -> None:
    scenario = cancel(cancel(charging())).reply(OrderCharged(charge_id=1)).expect(REFUND)
    closed(scenario.reply(REFUNDED), "cancelled", WHY)


# ---------------------------------------------------------------- the address in each state


@pytest.mark.parametrize("where", [started, received, quoted, in_review, charging])
def test_a_new_address_before_it_is_shipped_is_where_it_goes(
    where: Callable[[], Scenario],
) -> None:
    scenario = where().signal(ELSEWHERE, by="ann", reason="moved", id="k-1").expect_applied()
    scenario.expect_nothing().signal(ELSEWHERE, by="ann", reason="moved", id="k-1")
    scenario.expect_event(OrderAddressUpdated)
    with pytest.raises(AssertionError, match="expected the event"):
        scenario.expect_event(OrderAddressUpdated)
    if where is charging:
        scenario.reply(OrderCharged(charge_id=1))
        scenario.expect(ShipOrder(order_id="order-1", items=ITEMS, address=BASEL))


@pytest.mark.parametrize("why", ["", "dispatch has been commanded"])
def test_a_new_address_while_it_is_shipped_is_decided_by_the_child(why: str) -> None:
    scenario = shipping().signal(ELSEWHERE, by="ann").expect_held("shipping")
    scenario.decide("shipping", why)
    if why:
        scenario.expect_refused(why)
    else:
        scenario.expect_applied().expect_event(OrderAddressUpdated)
    scenario.reply(DISPATCHED).expect(MarkShipped)
    scenario.signal(ELSEWHERE, by="ann").expect_refused()


# ---------------------------------------------------------------- reviewed


def test_a_review_is_approved_by_its_delay() -> None:
    in_review().after(seconds=1.9).expect_nothing().after(seconds=0.1).expect(CHARGE)


def test_a_review_is_approved_by_a_person_earlier() -> None:
    in_review().signal(ReviewOrder(approved=True), by="bob").expect_applied().expect(CHARGE)


def test_a_person_has_a_day_whatever_the_deadline_and_then_it_is_rejected() -> None:
    saga = overridden(order_lifecycle, {"steps": {"review": {"person": True}}})
    scenario = in_review(saga).after(seconds=86_399).expect_nothing().expect_waiting("review")
    scenario.after(seconds=1)
    closed(scenario, "rejected", "review: nobody has decided within 86400 s")
    scenario.expect_failed(code="rejected", status=409, undone=["receive"])


def test_a_review_is_rejected_and_what_was_done_is_undone() -> None:
    scenario = in_review().signal(ReviewOrder(approved=False), by="bob", reason="fraud")
    scenario.expect_applied().expect(CloseOrder).reply(OrderClosed(state="failed"))
    scenario.expect_failed(code="rejected", reason="fraud", status=409, undone=["receive"])


@pytest.mark.parametrize("where", [started, quoted, charging, shipping, marking])
def test_a_review_that_nobody_waits_for_is_refused(where: Callable[[], Scenario]) -> None:
    where().signal(ReviewOrder(approved=True), by="bob").expect_refused()
