"""`saga order history` and `saga order watch`: what an order went through, told line by line."""

import json
from typing import Any

import pytest

from services.orders.cli import watching
from tests.unit.services.order_answers import ERROR, ORDER
from tests.unit.services.terminal import FakeTerminal, Told, run


def line(number: int, kind: str, **data: Any) -> dict[str, Any]:
    """A line of a history."""
    at = f"2026-11-27T10:00:0{number % 10}.000+00:00"
    return {"id": number, "at": at, "type": kind, "actor": "ann", "workflow_id": 1, "data": data}


def signal(number: int, name: str, data: dict[str, Any], reason: str = "") -> dict[str, Any]:
    """The line of a signal that applied."""
    return line(number, "signal", signal=name, outcome="applied", why="", reason=reason, data=data)


LINES = [
    (line(1, "start", payment_id="p"), "asked for, with payment p"),
    (line(2, "state", **{"from": "new", "to": "received"}), "state new -> received"),
    (line(3, "status", **{"from": "a", "to": "b", "reason": "why"}), "status a -> b: why"),
    (
        line(4, "step", step="payment", phase="sent", direction="do", attempt=1, round=1),
        "payment sent",
    ),
    (
        line(5, "step", step="prepare", phase="sent", direction="undo", attempt=2, round=3),
        "undo prepare sent, attempt 2, round 3",
    ),
    (
        line(
            6, "signal", signal="cancel", outcome="refused", why="too late", reason="twice", data={}
        ),
        "cancel (twice) refused: too late",
    ),
    (signal(11, "review", {"approved": True}), "review (approved) applied"),
    (signal(12, "review", {"approved": False}, "odd"), "review (rejected, odd) applied"),
    (
        signal(13, "update-address", {"new_address": ORDER["address"]}),
        "update-address (to A 1, 1 B, DE) applied",
    ),
    (
        line(14, "repair", action="retry", step="shipping/a", direction="undo", reason="back"),
        "retry of undo shipping/a, as a person decided: back",
    ),
    (
        line(15, "repair", action="resume", step="", direction="do", reason="back"),
        "resume, as a person decided: back",
    ),
    (
        line(16, "move", definition="shipping", version="v2", reason="mended"),
        "shipping goes on by version v2: mended",
    ),
    (
        line(7, "address", old=ORDER["address"], new={**ORDER["address"], "state": "S"}),
        "goes to A 1, 1 B, S, DE, no longer to A 1, 1 B, DE",
    ),
    (
        line(
            8, "needs_operator", definition="shipping", step="a", direction="undo", cause="refused"
        ),
        "needs an operator: shipping undo a stands still, refused",
    ),
    (line(9, "late", committed="dispatch"), "late: its deadline passed when dispatch had been"),
    (line(10, "noticed", by="ann", why=""), "noticed: by ann"),
]


def histories(*pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers of the history, each a page of its own."""
    return [{"items": page, "next": None} for page in pages]


def test_a_history_is_read_to_its_end_and_told_in_words(
    terminal: FakeTerminal, capsys: pytest.CaptureFixture[str]
) -> None:
    first, rest = [LINES[0][0]], [one for one, _ in LINES[1:]]
    terminal.calls.answers["/orders/order-1/history"] = [{"items": first, "next": "/more"}]
    terminal.calls.answers["/more"] = histories(rest)
    run(terminal, "history", "order-1")
    shown = capsys.readouterr().out
    for _, words in LINES:
        assert words in shown


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_S", 0)


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("live", [False, True])
def test_an_order_is_followed_to_its_end(live: bool, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = FakeTerminal(live)
    late, first, second = (one for one, _ in LINES[1:4])
    terminal.calls.answers["/orders/order-1/status"] = [
        ORDER,
        {**ORDER, "status": "cancelled", "current_step": None, "error": ERROR},
    ]
    pages = histories([first], [late, first, second])
    terminal.calls.answers["/orders/order-1/history"] = list(pages)
    run(terminal, "watch", "order-1")
    shown = capsys.readouterr().out
    assert "cancelled: by ann" in shown
    if live:
        assert "state new -> received" in shown
        return
    told = [text for text in shown.splitlines() if " ann " in text][:3]
    assert [text.split("  ")[-1].strip() for text in told] == [
        "status a -> b: why",
        "state new -> received",
        "payment sent",
    ]


@pytest.mark.usefixtures("_hasty")
def test_a_program_gets_a_line_of_json_for_each(
    terminal: FakeTerminal, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {**ORDER, "status": "failed", "error": ERROR}
    terminal.calls.answers["/orders/order-1/status"] = [bad]
    terminal.calls.answers["/orders/order-1/history"] = histories([LINES[0][0], LINES[1][0]])
    with pytest.raises(Told, match="failed"):
        run(terminal, "watch", "order-1", "--json")
    first, second, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["id"], second["id"], last["status"]) == (1, 2, "failed")
