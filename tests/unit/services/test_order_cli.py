"""`saga order ...` without a process behind it: what is asked of the API, and what is shown."""

import json
from typing import Any

import pytest

from tests.unit.services.order_answers import ERROR, ORDER
from tests.unit.services.terminal import FakeTerminal, Told, run

SIGNAL = {"signal": "cancel", "order_id": "order-1", "outcome": "held", "why": ""}
ADDRESS = ("--street", "A 1", "--city", "B", "--zip-code", "1", "--country", "DE")


def test_an_order_is_started_with_what_is_given(terminal: FakeTerminal) -> None:
    terminal.calls.answers["/orders/order-1/start"] = [ORDER]
    run(terminal, "start", "order-1")
    more = ("--item", "3:2", "--item", "9", "--payment-id", "p", "--wait", "5", "--json")
    run(terminal, "start", "order-1", *ADDRESS, *more)
    (_, nothing, none), (_, body, headers) = terminal.calls.asked
    assert (nothing, none) == ({}, None)
    assert body == {
        "items": [{"product_id": 3, "quantity": 2}, {"product_id": 9, "quantity": 1}],
        "initial_address": {"street": "A 1", "city": "B", "zip_code": "1", "country": "DE"},
        "payment_id": "p",
    }
    assert headers == {"Prefer": "wait=5"}


def test_an_order_is_shown_once_it_has_begun(
    terminal: FakeTerminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("services.orders.cli.watching.POLL_S", 0)
    pending = {**ORDER, "status": "pending", "workflow_id": None}
    terminal.calls.answers["/orders/order-1/start"] = [pending]
    terminal.calls.answers["/orders/order-1/status"] = [pending, ORDER]
    run(terminal, "start", "order-1", "--json")
    assert json.loads(capsys.readouterr().out) == ORDER
    assert len(terminal.calls.asked) == 3


@pytest.mark.parametrize("item", ["", "a", "3:", "3:b", "3:2:1", ":2"])
def test_an_item_that_is_none(terminal: FakeTerminal, item: str) -> None:
    terminal.calls.answers["/orders/order-1/start"] = [ORDER]
    if item == "3:":
        run(terminal, "start", "order-1", "--item", item)
        return
    with pytest.raises(Told, match="--item") as caught:
        run(terminal, "start", "order-1", "--item", item)
    assert caught.value.code == 2
    assert not terminal.calls.asked


@pytest.mark.parametrize("status", ["failed", "needs_operator"])
def test_an_order_that_comes_to_nothing_is_exit_1(terminal: FakeTerminal, status: str) -> None:
    error = ERROR if status == "failed" else None
    bad = {**ORDER, "status": status, "error": error}
    terminal.calls.answers["/orders/order-1/start"] = [bad]
    with pytest.raises(Told, match=f"order order-1 {status.replace('_', ' ')}: ") as caught:
        run(terminal, "start", "order-1", "--wait", "9")
    assert caught.value.code == 1


def test_a_stuck_order_says_why_and_which_saga_to_decide_on(
    terminal: FakeTerminal, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = {"saga": 9, "step": "dispatch", "direction": "do", "cause": "no answer"}
    stuck = {**ORDER, "status": "needs_operator", "needs": needs}
    terminal.calls.answers["/orders/order-1/status"] = [stuck]
    run(terminal, "status", "order-1")
    shown = " ".join(capsys.readouterr().out.split())
    decide = "`saga repair 9 retry|skip|resume --reason WHY`"
    assert f"do dispatch: no answer; decide with {decide}" in shown


def test_where_an_order_stands(terminal: FakeTerminal, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"carrier": "Parcel Post", "tracking_number": "PP1", "amount": 1}
    ended = {**ORDER, "status": "completed", "current_step": None, "result": result, "late": True}
    undone = {**ORDER, "status": "cancelling", "direction": "undo"}
    failed = {**ORDER, "status": "cancelled", "current_step": None, "error": ERROR}
    pending = {**ORDER, "status": "pending", "workflow_id": None, "completed_steps": []}
    pending |= {"amount": None, "current_step": None}
    terminal.calls.answers["/orders/order-1/status"] = [ORDER, ended, undone, failed, pending]
    shown: list[str] = []
    for _ in range(5):
        run(terminal, "status", "order-1")
        shown.append(capsys.readouterr().out)
    for text, says in zip(
        shown,
        (
            "payment (sent, attempt 2)",
            "tracking number",
            "undo payment",
            "cancelled: by ann",
            "not begun yet",
        ),
        strict=True,
    ):
        assert says in text
    assert "no way back" in shown[1]
    assert "119.00 EUR" in shown[0]


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (
            ("cancel", "--reason", "twice", "--by", "ann"),
            {"reason": "twice", "cancelled_by": "ann"},
        ),
        (
            ("update-address", *ADDRESS, "--by", "ann"),
            {
                "new_address": {"street": "A 1", "city": "B", "zip_code": "1", "country": "DE"},
                "updated_by": "ann",
                "reason": "",
            },
        ),
        (
            ("review", "--approve", "--by", "bob"),
            {"approved": True, "reviewed_by": "bob", "reason": ""},
        ),
        (
            ("review", "--reject", "--by", "bob", "--reason", "no"),
            {"approved": False, "reviewed_by": "bob", "reason": "no"},
        ),
    ],
)
def test_an_order_is_told_something(
    terminal: FakeTerminal,
    words: tuple[str, ...],
    body: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, *options = words
    path = f"/orders/order-1/signals/{name}"
    terminal.calls.answers[path] = [{**SIGNAL, "signal": name}]
    run(terminal, name, "order-1", *options, "--key", "k-1")
    headers = {"Idempotency-Key": "k-1", "Prefer": "wait=5"}
    assert terminal.calls.asked == [(path, body, headers)]
    assert f"{name}: held until" in capsys.readouterr().out
    run(terminal, name, "order-1", *options, "--json")
    assert json.loads(capsys.readouterr().out)["outcome"] == "held"
    headers = terminal.calls.asked[-1][2]
    assert headers is not None
    assert len(headers["Idempotency-Key"]) > 30
    assert headers["Prefer"] == "wait=5", "a person wants to know what became of it"


@pytest.mark.parametrize(
    "words",
    [
        ("cancel", "order-1", "--reason", "x"),
        ("cancel", "order-1", "--by", "ann"),
        ("start",),
        ("start", "order-1", "--wait", "31"),
        ("list", "--limit", "0"),
    ],
)
def test_what_is_missing_or_wrong_is_not_asked(
    terminal: FakeTerminal, words: tuple[str, ...]
) -> None:
    with pytest.raises(Exception, match=r"Missing|greater than|less than") as caught:
        run(terminal, *words)
    assert hasattr(caught.value, "format_message"), "a mistake of whoever typed it"
    assert not terminal.calls.asked


@pytest.mark.parametrize("both", [(), ("--approve", "--reject")])
def test_a_review_says_yes_or_no(terminal: FakeTerminal, both: tuple[str, ...]) -> None:
    with pytest.raises(Told, match="--approve or --reject, one of them"):
        run(terminal, "review", "order-1", "--by", "bob", *both)
    assert not terminal.calls.asked


def test_an_order_of_whose_steps_nothing_is_known_says_where_to_look(
    terminal: FakeTerminal, capsys: pytest.CaptureFixture[str]
) -> None:
    order = {**ORDER, "current_step": None, "completed_steps": None}
    terminal.calls.answers["/orders/7/status"] = [order, {**order, "workflow_id": None}]
    run(terminal, "status", "7")
    assert "see `saga status 1024`" in capsys.readouterr().out
    run(terminal, "status", "7")
    assert "saga status" not in capsys.readouterr().out


def test_why_it_failed_is_said_once(
    terminal: FakeTerminal, capsys: pytest.CaptureFixture[str]
) -> None:
    late = {"code": "deadline_exceeded", "reason": "deadline exceeded", "undone": []}
    terminal.calls.answers["/orders/order-1/status"] = [
        {**ORDER, "status": "failed", "error": late},
        {**ORDER, "status": "failed", "error": {**ERROR, "reason": "by ann"}},
    ]
    run(terminal, "status", "order-1")
    assert "because deadline exceeded undone" in " ".join(capsys.readouterr().out.split())
    run(terminal, "status", "order-1")
    assert "cancelled: by ann" in capsys.readouterr().out


def test_a_page_of_both_kinds(terminal: FakeTerminal, capsys: pytest.CaptureFixture[str]) -> None:
    led = {
        "reference": "order-1",
        "status": "running",
        "currentStep": "payment",
        "amount": None,
        "late": True,
        "updatedAt": ORDER["updated_at"],
    }
    fulfilled: dict[str, Any] = {
        "orderId": 7,
        "status": "failed",
        "amount": 100,
        "currency": "EUR",
        "updatedAt": ORDER["created_at"],
        "failure": {"code": "out_of_stock"},
    }
    page = {"items": [led, fulfilled], "next": "/orders?after=1-lifecycle-2&limit=2"}
    terminal.calls.answers["/orders"] = [page]
    run(terminal, "list", "--status", "running", "--limit", "2", "--after", "x")
    shown = capsys.readouterr().out
    for text in (
        "order-1",
        "running, late",
        "7",
        "1.00 EUR",
        "out_of_stock",
        "more: --after 1-lifecycle-2",
    ):
        assert text in shown
    assert terminal.calls.asked == [
        ("/orders", {"status": "running", "limit": 2, "after": "x"}, None)
    ]
    terminal.calls.answers["/orders"] = [{"items": [], "next": None}] * 2
    run(terminal, "list")
    assert capsys.readouterr().out == "no order is like that\n"
    run(terminal, "list", "--json")
    assert json.loads(capsys.readouterr().out)["items"] == []
