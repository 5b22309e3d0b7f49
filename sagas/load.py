"""What `saga bench` loads: orders of a user and a product that never run out (services/seed.json).

User 2 is short of money, so an order that is to fail is refused by payment and undone elsewhere.
"""

from orchestrator.definition.scenario import Case

_RICH, _POOR, _PLENTIFUL = 9, 2, 9
_TOO_MUCH = 1_000


def load(number: int, fails: bool) -> Case:
    """The n-th order."""
    user, quantity = (_POOR, _TOO_MUCH) if fails else (_RICH, 1)
    given = {"order_id": number, "user_id": user, "product_id": _PLENTIFUL, "quantity": quantity}
    return Case(f"order {number}", "order-fulfillment", given, ("payment",) if fails else ())
