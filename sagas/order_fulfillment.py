"""Order fulfillment: quote the product, then pay, reserve and ship: all of it, or nothing."""

from contracts.inventory import ReserveStock, RestoreStock
from contracts.orders import OrderCompleted, OrderFailed, OrderPlaced, PlaceOrder
from contracts.payment import ChargePayment, RefundPayment
from contracts.product import QuoteProduct
from contracts.shipping import CancelShipment, ScheduleShipment
from orchestrator.definition import compensatable, parallel, read, saga

order_fulfillment = (
    saga("order-fulfillment", input=PlaceOrder, started=OrderPlaced)
    .then(read("product", QuoteProduct))
    .then(
        parallel(
            compensatable("payment", ChargePayment, undo=RefundPayment),
            compensatable("inventory", ReserveStock, undo=RestoreStock),
            compensatable("shipping", ScheduleShipment, undo=CancelShipment),
        )
    )
    .ends(completed=OrderCompleted, failed=OrderFailed)
)
