"""The same application in two versions, as two releases of one program: the old one pays, reserves
and ships together; the new one pays before it does the rest.
"""

from typing import Final

from contracts.inventory import ReserveStock, RestoreStock
from contracts.orders import OrderCompleted, OrderFailed, OrderPlaced, PlaceOrder
from contracts.payment import ChargePayment, RefundPayment
from contracts.product import QuoteProduct
from contracts.shipping import CancelShipment, ScheduleShipment
from orchestrator.definition import Application, compensatable, parallel, read, saga
from orchestrator.engine.facts import Sent, Succeeded, Transition

WHOLE: Final = 300
"""Seconds: the services are away for a part of the test, and no attempt is to be over meanwhile."""

PRODUCT = read("product", QuoteProduct, timeout=WHOLE)
PAYMENT = compensatable("payment", ChargePayment, undo=RefundPayment, timeout=WHOLE)
INVENTORY = compensatable("inventory", ReserveStock, undo=RestoreStock, timeout=WHOLE)
SHIPPING = compensatable("shipping", ScheduleShipment, undo=CancelShipment, timeout=WHOLE)

together = (
    saga("order-fulfillment", input=PlaceOrder, started=OrderPlaced)
    .then(PRODUCT, parallel(PAYMENT, INVENTORY, SHIPPING))
    .ends(completed=OrderCompleted, failed=OrderFailed)
)
paid_first = (
    saga("order-fulfillment", input=PlaceOrder, started=OrderPlaced)
    .then(PRODUCT, PAYMENT, parallel(INVENTORY, SHIPPING))
    .ends(completed=OrderCompleted, failed=OrderFailed)
)
without_product = (
    saga("order-fulfillment", input=PlaceOrder, started=OrderPlaced)
    .then(INVENTORY)
    .ends(failed=OrderFailed)
)
OLD: Final = together.version
NEW: Final = paid_first.version


def _application(name: str) -> Application:
    services = ("product", "payment", "inventory", "shipping", "orders")
    return Application(
        name="orders",
        sagas=(f"{__name__}:{name}",),
        services={one: f"services.{one}:participant" for one in services},
        seed="services.seed:load",
    )


old = _application("together")
new = _application("paid_first")
silent = Application(name="orders", sagas=(f"{__name__}:together",))
"""The old one, without anybody who answers its commands."""
broken = Application(name="orders", sagas=(f"{__name__}:without_product",))
"""One whose sagas cannot go on from where those of the others stand."""


def went_by(history: list[Transition]) -> str:
    """The version by which a saga went, as its steps tell: whether it had been paid when the stock
    was asked for.
    """
    facts = [fact for transition in history for fact in transition.facts]
    asked = next(
        n for n, fact in enumerate(facts) if isinstance(fact, Sent) and fact.step == "inventory"
    )
    before = {fact.step for fact in facts[:asked] if isinstance(fact, Succeeded)}
    return NEW if "payment" in before else OLD
