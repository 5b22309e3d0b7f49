"""What `saga demo` plays: an order for every row of the compensation table, and one cancellation.

Users and products are those of the seed data (services/seed.json): user 2 is short of money, user 3
lives where nothing is shipped, user 4 both; product 2 is out of stock, and there is no product 404.
"""

from orchestrator.definition.scenario import Case, Scenario


def _order(order: int, label: str, user: int, product: int, *fails: str) -> Case:
    given = {"order_id": order, "user_id": user, "product_id": product, "quantity": 1}
    return Case(label, "order-fulfillment", given, fails)


_FIRST = "all is well"

scenario = Scenario(
    cases=(
        _order(1, _FIRST, 1, 1),
        _order(2, "no such product", 1, 404, "product"),
        _order(3, "too little money", 2, 1, "payment"),
        _order(4, "out of stock", 1, 2, "inventory"),
        _order(5, "address not served", 3, 1, "shipping"),
        _order(6, "no money, no stock", 2, 2, "payment", "inventory"),
        _order(7, "no money, not served", 4, 1, "payment", "shipping"),
        _order(8, "no stock, not served", 3, 2, "inventory", "shipping"),
        _order(9, "nothing works", 4, 2, "payment", "inventory", "shipping"),
        Case(
            "cancel the first order",
            "order-cancellation",
            {"order_id": 1, "reason": "changed my mind"},
            after=_FIRST,
        ),
    ),
    every_row_of=("order-fulfillment",),
)
