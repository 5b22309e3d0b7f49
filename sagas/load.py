"""What `saga bench` loads: orders of a user and a product that never run out (services/seed.json).

User 2 is short of money, so an order that is to fail is refused by payment and undone elsewhere.
"""

from orchestrator.definition.scenario import Ask, Case, Visit

_RICH, _POOR, _PLENTIFUL = 9, 2, 9
_TOO_MUCH = 1_000


def load(number: int, fails: bool) -> Case:
    """The n-th order."""
    user, quantity = (_POOR, _TOO_MUCH) if fails else (_RICH, 1)
    given = {"order_id": number, "user_id": user, "product_id": _PLENTIFUL, "quantity": quantity}
    return Case(f"order {number}", "order-fulfillment", given, ("payment",) if fails else ())


def visit(number: int, run: str) -> Visit:
    """What a customer asks about the n-th order of a run, over its whole lifecycle."""
    order = f"/orders/bench-{run}-{number}"
    told = {"reason": "changed my mind", "cancelled_by": "saga bench"}
    return Visit(
        "order-lifecycle",
        Ask("POST", f"{order}/start", {}),
        Ask("GET", f"{order}/status"),
        Ask("POST", f"{order}/signals/cancel", told),
    )
