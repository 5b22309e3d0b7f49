"""Shipping: prepare the package, then the carrier takes it. The child of an order's lifecycle."""

from contracts.lifecycle import UpdateAddress
from contracts.shipping import (
    DispatchCarrier,
    OrderDispatched,
    PreparePackage,
    ShipOrder,
    UnpreparePackage,
)
from orchestrator.definition import RetryPolicy, change, compensatable, pivot, saga

RETRY = RetryPolicy(attempts=3, initial=1, maximum=10, coefficient=2)

shipping = (
    saga("shipping", input=ShipOrder, progress=True)
    .takes(change(UpdateAddress, fields={"address": "new_address"}, redo="prepare"))
    .then(compensatable("prepare", PreparePackage, undo=UnpreparePackage, timeout=2, retry=RETRY))
    .then(pivot("dispatch", DispatchCarrier, timeout=2, retry=RETRY))
    .ends(returns=OrderDispatched)
)
