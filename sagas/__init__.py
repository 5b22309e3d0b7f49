"""What should happen: one file per saga, nothing but its definition."""

from orchestrator.definition import Application

app = Application(
    name="orders",
    sagas=(
        "sagas.order_fulfillment:order_fulfillment",
        "sagas.order_cancellation:order_cancellation",
        "sagas.order_lifecycle:order_lifecycle",
        "sagas.shipping:shipping",
    ),
    services={
        "product": "services.product:participant",
        "payment": "services.payment:participant",
        "inventory": "services.inventory:participant",
        "shipping": "services.shipping:participant",
        "orders": "services.orders:participant",
    },
    routers={"orders": "services.orders:router"},
    commands={"order": "services.orders.cli:app"},
    demo="sagas.demo:scenario",
    load="sagas.load:load",
    visits="sagas.load:visit",
    seed="services.seed:load",
    contracts=(
        "contracts.orders",
        "contracts.lifecycle",
        "contracts.product",
        "contracts.payment",
        "contracts.inventory",
        "contracts.shipping",
    ),
)
