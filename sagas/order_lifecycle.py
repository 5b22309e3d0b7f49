"""The lifecycle of an order: received, validated, reviewed, paid, shipped in 15 s (seeds/001)."""

from contracts import lifecycle as order
from contracts.payment import ChargeOrder, RefundOrder
from contracts.product import QuoteItems
from orchestrator import definition as d
from sagas.shipping import RETRY, shipping

KEY = {"saga_key": "saga.key"}
CLOSE = d.Undo(order.CloseOrder, fields={"code": "saga.code", "reason": "saga.reason"})
UPDATED = d.event(order.OrderAddressUpdated, fields={"id": "signal.id", "at": "signal.at"})
ADDRESS = {"address": "new_address"}
YES = {"approved": True}

order_lifecycle = (
    d.saga(
        "order-lifecycle",
        input=order.StartOrder,
        started=order.LifecycleStarted,
        deadline=15,
        progress=True,
    )
    .takes(d.change(order.UpdateAddress, fields=ADDRESS, redo="shipping", tells=UPDATED))
    .then(
        d.compensatable(
            "receive", order.ReceiveOrder, fields=KEY, undo=CLOSE, timeout=3, retry=RETRY
        )
    )
    .then(d.read("quote", QuoteItems, timeout=3, retry=RETRY))
    .then(d.read("validate", order.ValidateOrder, timeout=3, retry=RETRY))
    .then(
        d.wait("review", order.ReviewOrder, accepts="approved", timeout=2, expires="done", data=YES)
    )
    .then(d.compensatable("payment", ChargeOrder, undo=RefundOrder, timeout=3, retry=RETRY))
    .then(d.child("shipping", shipping))
    .then(d.retriable("ship", order.MarkShipped, timeout=3))
    .ends(completed=order.LifecycleCompleted, failed=order.LifecycleFailed)
)
