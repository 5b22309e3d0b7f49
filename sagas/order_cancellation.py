"""Order cancellation: stop the shipment unless it has left, then give stock and money back."""

from contracts.inventory import RestoreStock
from contracts.orders import AbandonCancellation, BeginCancellation, CancelOrder, OrderCancelled
from contracts.payment import RefundPayment
from contracts.shipping import CancelShipment
from orchestrator.definition import compensatable, pivot, retriable, saga

order_cancellation = (
    saga("order-cancellation", input=CancelOrder)
    .then(compensatable("order", BeginCancellation, undo=AbandonCancellation))
    .then(pivot("shipping", CancelShipment))
    .then(retriable("inventory", RestoreStock))
    .then(retriable("payment", RefundPayment))
    .ends(completed=OrderCancelled)
)
