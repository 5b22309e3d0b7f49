"""Order fulfillment, told with the given / expect DSL."""

from itertools import product

import pytest

from contracts.inventory import ReserveStock, RestoreStock, StockReserved, StockRestored
from contracts.orders import OrderCompleted, OrderFailed, OrderPlaced, PlaceOrder
from contracts.payment import ChargePayment, PaymentCharged, PaymentRefunded, RefundPayment
from contracts.product import ProductQuoted, QuoteProduct
from contracts.shipping import (
    CancelShipment,
    ScheduleShipment,
    ShipmentCancelled,
    ShipmentScheduled,
)
from orchestrator.definition.table import compensation_table
from orchestrator.testing import Expected, Scenario, given
from sagas.order_fulfillment import order_fulfillment

ORDER = PlaceOrder(order_id=1, user_id=2, product_id=3, quantity=4)
QUOTED = ProductQuoted(product_id=3, name="Lamp", unit_price=250, amount=1000, currency="EUR")
CHARGED = PaymentCharged(payment_id=5, amount=1000, currency="EUR")
RESERVED = StockReserved(reservation_id=6)
SCHEDULED = ShipmentScheduled(shipment_id=7, address="Main St 1", expected_delivery="2026-01-09")

DONE = {"payment": CHARGED, "inventory": RESERVED, "shipping": SCHEDULED}
REFUSAL = {
    "payment": "insufficient_funds",
    "inventory": "out_of_stock",
    "shipping": "address_unknown",
}
UNDO = {
    "RefundPayment": (RefundPayment(order_id=1), PaymentRefunded(amount=1000, currency="EUR")),
    "RestoreStock": (RestoreStock(order_id=1), StockRestored(quantity=4)),
    "CancelShipment": (CancelShipment(order_id=1), ShipmentCancelled(shipment_id=7)),
}


def placed() -> Scenario:
    return given(order_fulfillment).start(ORDER).expect(QuoteProduct(product_id=3, quantity=4))


def quoted() -> Scenario:
    return (
        placed()
        .reply(QUOTED)
        .expect(
            ChargePayment(order_id=1, user_id=2, amount=1000, currency="EUR"),
            ReserveStock(order_id=1, product_id=3, quantity=4),
            ScheduleShipment(order_id=1, user_id=2, product_id=3, quantity=4),
        )
    )


def test_everything_succeeds() -> None:
    (
        quoted()
        .expect_event(OrderPlaced(order_id=1, user_id=2, product_id=3, quantity=4))
        .reply(SCHEDULED)
        .reply(CHARGED)
        .expect_running()
        .reply(RESERVED)
        .expect_nothing()
        .expect_completed()
        .expect_event(
            OrderCompleted(
                **ORDER.model_dump(),
                amount=1000,
                currency="EUR",
                payment_id=5,
                shipment_id=7,
                address="Main St 1",
                expected_delivery="2026-01-09",
            )
        )
    )


def test_an_unknown_product_is_404_and_nothing_else_is_asked() -> None:
    (
        placed()
        .refuse("product", "product_not_found", "there is no product 3")
        .expect_nothing()
        .expect_failed(code="product_not_found", status=404, undone=())
        .expect_event(
            OrderFailed(
                order_id=1,
                code="product_not_found",
                reason="product: there is no product 3",
                status=404,
                undone=[],
            )
        )
    )


def test_nothing_is_undone_before_all_have_settled() -> None:
    (
        quoted()
        .refuse("payment", "insufficient_funds")
        .reply(RESERVED)
        .expect_nothing()
        .reply(SCHEDULED)
        .expect(RestoreStock(order_id=1), CancelShipment(order_id=1))
        .reply(StockRestored(quantity=4))
        .reply(ShipmentCancelled(shipment_id=7))
        .expect_failed(code="insufficient_funds", status=409, undone=("inventory", "shipping"))
    )


COMMAND = {"payment": ChargePayment, "inventory": ReserveStock, "shipping": ScheduleShipment}


def settle(scenario: Scenario, outcomes: dict[str, str]) -> list[Expected]:
    """Bring these outcomes about; returns what was asked again meanwhile."""
    for step, outcome in outcomes.items():
        if outcome == "success":
            scenario.reply(DONE[step])
        elif outcome == "refused":
            scenario.refuse(step, REFUSAL[step])
    unknown = [step for step, outcome in outcomes.items() if outcome == "unknown"]
    # Once the saga has turned it asks nobody again: what is unknown is undone anyway.
    again = 0 if "refused" in outcomes.values() else 2
    if unknown:
        for _ in range(2 * again + 1):  # a timeout for each attempt, a pause between two
            scenario.wait()
    return [COMMAND[step] for step in unknown] * again


OUTCOMES = list(product(("success", "refused", "unknown"), repeat=3))


@pytest.mark.parametrize("outcomes", OUTCOMES, ids="-".join)
def test_every_row_of_the_table(outcomes: tuple[str, ...]) -> None:
    came = dict(zip(COMMAND, outcomes, strict=True))
    row = compensation_table(order_fulfillment.definition).row({"product": "success", **came})
    assert row
    scenario = quoted()
    attempts = settle(scenario, came)
    undos = [UNDO[action.command] for action in row.actions]
    scenario.expect(*attempts, *(command for command, _ in undos))
    for _, reply in undos:
        scenario.reply(reply)
    if row.result == "completed":
        scenario.expect_completed()
    else:
        scenario.expect_failed(undone=[action.step for action in row.actions])
        assert scenario.status in row.statuses


def test_an_undo_is_asked_until_it_works() -> None:
    (
        quoted()
        .refuse("payment", "insufficient_funds")
        .refuse("shipping", "address_unknown")
        .reply(RESERVED)
        .expect(RestoreStock(order_id=1))
        .fail("inventory", "the database is locked")
        .expect_nothing()
        .after(seconds=1)
        .expect(RestoreStock(order_id=1))
        .reply(StockRestored(quantity=4))
        .expect_failed(code="insufficient_funds", undone=["inventory"])
    )


def test_a_shipment_that_left_needs_a_person() -> None:
    (
        quoted()
        .refuse("payment", "insufficient_funds")
        .reply(RESERVED)
        .reply(SCHEDULED)
        .expect(RestoreStock, CancelShipment)
        .reply(StockRestored(quantity=4))
        .refuse("shipping", "shipment_left")
        .expect_needs_operator("shipping")
        .repair("skip", reason="the customer keeps it")
        .expect_failed(undone=["inventory"])
    )


def test_a_silent_participant_is_asked_three_times() -> None:
    (
        placed()
        .after(seconds=10 + 1)
        .expect(QuoteProduct)
        .after(seconds=10 + 2)
        .expect(QuoteProduct)
        .after(seconds=10)
        .expect_failed(code="no_answer", status=504, undone=())
    )
