"""Orders that are led through their lifecycle by processes of their own, for acceptance tests.

Flaky calls are drawn from the order's reference, so a reference can be looked for whose order
stands still where a test wants it to: the first call of one step hangs, and everything else works.
"""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from services.participant.flaky import drawn
from tests.acceptance.conftest import PATIENCE_S, Saga

SEED: Final = 11
CALLS: Final = {
    "receive": "ReceiveOrder",
    "validate": "ValidateOrder",
    "payment": "ChargeOrder",
    "prepare": "PreparePackage",
    "dispatch": "DispatchCarrier",
    "ship": "MarkShipped",
}
LEIPZIG: Final = {
    "street": "Lindenallee 12",
    "city": "Leipzig",
    "zip_code": "04317",
    "country": "DE",
}
BASEL: Final = {"street": "Rheingasse 7", "city": "Basel", "zip_code": "4058", "country": "CHE"}
UPDATE: Final = {"new_address": BASEL, "updated_by": "ann", "reason": "moved"}
CANCEL: Final = {"reason": "ordered twice", "cancelled_by": "ann"}
OPTIONS: Final = {
    "cancel": ("--reason=ordered twice", "--by=ann"),
    "update-address": (
        *(f"--{name.replace('_', '-')}={text}" for name, text in BASEL.items()),
        "--by=ann",
    ),
}
"""The same on the command line."""
ENDED: Final = ("completed", "failed", "cancelled")
_NUMBERS: Final = itertools.count()


def reference(*steps: str, comes: str = "hangs", times: int = 1) -> str:
    """Of an order whose first calls of these steps, so many of each, hang or raise; all that it
    needs beside works: the next attempt, and another round with another address.
    """
    wanted = dict.fromkeys(((step, 1, 1) for step in CALLS), "works")
    for step in steps:
        wanted |= dict.fromkeys(((step, 1, attempt + 1) for attempt in range(times)), comes)
        wanted |= dict.fromkeys(((step, 1, times + 1), (step, 2, 1)), "works")
    while True:
        found = f"order-{next(_NUMBERS)}"
        if all(_comes(found, attempt) == what for attempt, what in wanted.items()):
            return found


def standing(state: str, times: int = 1) -> str:
    """Of an order that stands still in that state for a while, for so many calls: in review each
    does by itself.
    """
    return reference(*({state} & CALLS.keys()), times=times)


def _comes(order: str, attempt: tuple[str, int, int]) -> str:
    return drawn(SEED, order, CALLS[attempt[0]], attempt)


def environment(overrides: Any, *, flaky: bool = True) -> dict[str, str]:
    """Settings of a process: times of the sagas, and flaky calls."""
    settings = {"SAGA_OVERRIDES": json.dumps(overrides)}
    if flaky:
        settings |= {"SAGA_SERVICE_FLAKY": "true", "SAGA_SERVICE_FLAKY_SEED": str(SEED)}
    return settings


class Orders:
    """The HTTP API of a running process, as a customer of orders calls it."""

    def __init__(self, saga: Saga) -> None:
        token = (saga.data / "token").read_text("utf-8").strip()
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(
            base_url=saga.url(), headers=headers, timeout=PATIENCE_S, trust_env=False
        )

    def start(self, order: str, **body: Any) -> Any:
        """Begin an order; where it stands once it has begun."""
        answer = self.http.post(f"/orders/{order}/start", json=body)
        assert answer.status_code == 202, answer.text
        shown = answer.json()
        return shown if shown["workflow_id"] else self.until(order, lambda s: s["workflow_id"])

    def look(self, order: str, what: str = "status") -> Any:
        """Where it stands, its history, or a signal."""
        answer = self.http.get(f"/orders/{order}/{what}")
        assert answer.is_success, answer.text
        return answer.json()

    def tell(self, order: str, signal: str, body: Any, key: str = "") -> httpx.Response:
        """Tell it something, and wait for what becomes of that."""
        headers = {"Prefer": "wait=5"} | ({"Idempotency-Key": key} if key else {})
        return self.http.post(f"/orders/{order}/signals/{signal}", json=body, headers=headers)

    def until(self, order: str, condition: Callable[[Any], bool]) -> Any:
        """Where the order stands once this holds; fails when that is not in time."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition(shown := self.look(order)):
            assert time.monotonic() < deadline, shown
            time.sleep(0.02)
        return shown

    def at(self, order: str, step: str, phase: str = "sent") -> Any:
        """Where it stands once it is at that step."""
        return self.until(
            order, lambda shown: (shown["current_step"], shown["phase"]) == (step, phase)
        )

    def stands(self, order: str, state: str) -> None:
        """Wait until the order is in that state, those of its child among them."""
        place = f"shipping/{state}" if state in ("prepare", "dispatch") else state
        self.at(order, place, "waiting" if state == "review" else "sent")

    def end(self, order: str) -> Any:
        """Where it stands at its end."""
        return self.until(order, lambda shown: shown["status"] in ENDED)

    def history(self, order: str, kind: str) -> list[Any]:
        """The lines of that kind."""
        items = self.look(order, "history?limit=1000")["items"]
        return [line for line in items if line["type"] == kind]

    def told(self, order: str, step: str) -> list[tuple[str, str]]:
        """What was told of a step: direction and phase."""
        lines = [line["data"] for line in self.history(order, "step")]
        return [(line["direction"], line["phase"]) for line in lines if line["step"] == step]
