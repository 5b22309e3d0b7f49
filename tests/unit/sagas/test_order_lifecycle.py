"""The lifecycle of an order, told with the given / expect DSL: cancelled, changed, reviewed and
late in each of its states.
"""

from collections.abc import Callable

import pytest

from contracts.address import Address
from contracts.lifecycle import (
    CloseOrder,
    LifecycleCompleted,
    LifecycleFailed,
    LifecycleStarted,
    MarkShipped,
    OrderAddressUpdated,
    OrderClosed,
    OrderReceived,
    OrderShipped,
    OrderValidated,
    ReceiveOrder,
    ReviewOrder,
    StartOrder,
    UpdateAddress,
    ValidateOrder,
)
from contracts.payment import ChargeOrder, OrderCharged, OrderRefunded, RefundOrder
from contracts.product import Item, ItemPrice, ItemsQuoted, QuoteItems
from contracts.shipping import OrderDispatched, ShipOrder
from orchestrator.definition import Saga
from orchestrator.definition.overrides import overridden
from orchestrator.testing import Scenario, given
from sagas.order_lifecycle import order_lifecycle

LEIPZIG = Address(street="Lindenallee 12", city="Leipzig", zip_code="04317", country="DE")
BASEL = Address(street="Rheingasse 7", city="Basel", zip_code="4058", country="CH")
ITEMS = [Item(product_id=3, quantity=2)]
ORDER = StartOrder(order_id="order-1", items=ITEMS, address=LEIPZIG, payment_id="p-1")
QUOTED = ItemsQuoted(
    prices=[ItemPrice(product_id=3, name="Grinder", unit_price=11_900, currency="EUR")]
)
VALIDATED = OrderValidated(amount=23_800, currency="EUR")
DISPATCHED = OrderDispatched(
    package_id=7,
    shipped_to=LEIPZIG.line,
    carrier="Parcel Post",
    tracking_number="PP7",
    dispatched_at="then",
)
CHARGE = ChargeOrder(order_id="order-1", payment_id="p-1", amount=23_800, currency="EUR")
REFUND = RefundOrder(order_id="order-1", payment_id="p-1")
REFUNDED = OrderRefunded(amount=23_800, currency="EUR")
ELSEWHERE = UpdateAddress(new_address=BASEL)
WHY = "cancelled by ann: ordered twice"


def started(saga: Saga = order_lifecycle) -> Scenario:
    return given(saga).start(ORDER, key="order-1").expect(ReceiveOrder)


def received(saga: Saga = order_lifecycle) -> Scenario:
    return started(saga).reply(OrderReceived(received_at="then")).expect(QuoteItems(items=ITEMS))


def quoted(saga: Saga = order_lifecycle) -> Scenario:
    wanted = ValidateOrder(order_id="order-1", items=ITEMS, prices=QUOTED.prices)
    return received(saga).reply(QUOTED).expect(wanted)


def in_review(saga: Saga = order_lifecycle) -> Scenario:
    return quoted(saga).reply(VALIDATED).expect_nothing().expect_waiting("review")


def charging() -> Scenario:
    return in_review().after(seconds=2).expect(CHARGE)


def shipping() -> Scenario:
    wanted = ShipOrder(order_id="order-1", items=ITEMS, address=LEIPZIG)
    return charging().reply(OrderCharged(charge_id=1)).expect(wanted)


def marking() -> Scenario:
    return (
        shipping().reply(DISPATCHED).expect(MarkShipped(order_id="order-1", tracking_number="PP7"))
    )


def closed(scenario: Scenario, code: str, reason: str) -> Scenario:
    """The last undo: the order itself is closed, with who and why."""
    state = "cancelled" if code == "cancelled" else "failed"
    scenario.expect(CloseOrder(order_id="order-1", code=code, reason=reason))
    return scenario.reply(OrderClosed(state=state))


def cancel(scenario: Scenario) -> Scenario:
    return scenario.cancel("ordered twice", by="ann", id="k-1")


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


# ---------------------------------------------------------------- refused, silent, late


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
