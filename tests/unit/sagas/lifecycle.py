"""An order in each state of its lifecycle, as the scenarios of its tests go on from there."""

from contracts.address import Address
from contracts.lifecycle import (
    CloseOrder,
    MarkShipped,
    OrderClosed,
    OrderReceived,
    OrderValidated,
    ReceiveOrder,
    StartOrder,
    ValidateOrder,
)
from contracts.payment import ChargeOrder, OrderCharged, OrderRefunded, RefundOrder
from contracts.product import Item, ItemPrice, ItemsQuoted, QuoteItems
from contracts.shipping import OrderDispatched, ShipOrder
from orchestrator.definition import Saga
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
