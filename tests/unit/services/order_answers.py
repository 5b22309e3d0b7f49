"""What the API answers about an order of the command line's tests."""

from typing import Any

ORDER: dict[str, Any] = {
    "workflow_id": 1024,
    "order_id": "order-1",
    "status": "running",
    "current_step": "payment",
    "phase": "sent",
    "direction": "do",
    "attempt": 2,
    "completed_steps": ["receive"],
    "result": None,
    "error": None,
    "late": False,
    "amount": 11_900,
    "currency": "EUR",
    "address": {
        "street": "A 1",
        "city": "B",
        "state": "",
        "zip_code": "1",
        "country": "DE",
    },
    "created_at": "2026-11-27T10:00:00.000+00:00",
    "updated_at": "2026-11-27T10:00:01.000+00:00",
}
ERROR = {"code": "cancelled", "reason": "by ann", "status": 409, "undone": ["payment"]}
