"""`saga order ...` without a process behind it: what is asked of the API, and what is shown."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType
from typer.main import get_command

from services.orders.cli import watching
from services.orders.cli.commands import app

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
SIGNAL = {"signal": "cancel", "order_id": "order-1", "outcome": "held", "why": ""}
ADDRESS = ("--street", "A 1", "--city", "B", "--zip-code", "1", "--country", "DE")


class Told(Exception):
    """What ends a command: exit code and line."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class FakeApi:
    """Answers as it was told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, Any, Mapping[str, str] | None]] = []

    def get(self, path: str, **query: object) -> Any:
        """The next answer, or the last one again."""
        self.asked.append((path, query, None))
        answers = self.answers[path]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> Any:
        """The answer."""
        assert timeout_s >= 10
        self.asked.append((path, dict(body), headers))
        return self.answers[path][0]


class FakeTerminal:
    """A terminal of the test."""

    def __init__(self, live: bool = False) -> None:
        self.calls = FakeApi()
        self._console = Console(width=120, force_terminal=live, highlight=False)

    @contextmanager
    def api(self, data: Path | None) -> Iterator[FakeApi]:
        """The fake."""
        assert data is None
        yield self.calls

    def console(self) -> Console:
        """Of the test."""
        return self._console

    def emit(self, facts: Any, view: Callable[[Any], RenderableType], *, as_json: bool) -> None:
        """Print."""
        if as_json:
            print(json.dumps(facts))
        else:
            self._console.print(view(facts))

    def failed(self, message: str) -> Exception:
        """Exit code 1."""
        return Told(1, message)

    def mistaken(self, message: str) -> Exception:
        """Exit code 2."""
        return Told(2, message)


@pytest.fixture
def terminal() -> FakeTerminal:
    return FakeTerminal()


def run(terminal: FakeTerminal, *words: str) -> None:
    get_command(app)(args=list(words), standalone_mode=False, obj=terminal)


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
    assert "do dispatch: no answer; decide with `saga repair 9`" in capsys.readouterr().out


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
        ("review", "order-1", "--by", "bob"),
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


def line(number: int, kind: str, **data: Any) -> dict[str, Any]:
    """A line of a history."""
    at = f"2026-11-27T10:00:0{number % 10}.000+00:00"
    return {"id": number, "at": at, "type": kind, "actor": "ann", "workflow_id": 1, "data": data}


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
        line(6, "signal", signal="cancel", outcome="refused", why="too late", reason="twice"),
        "cancel (twice) refused: too late",
    ),
    (
        line(7, "address", old=ORDER["address"], new={**ORDER["address"], "state": "S"}),
        "goes to A 1, 1 B, S, DE, no longer to A 1, 1 B, DE",
    ),
    (line(8, "needs_operator", step="payment", cause="timeout"), "needs operator: step payment"),
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


def test_a_page_of_both_kinds(terminal: FakeTerminal, capsys: pytest.CaptureFixture[str]) -> None:
    led = {
        "reference": "order-1",
        "status": "running",
        "currentStep": "payment",
        "amount": None,
        "updatedAt": ORDER["updated_at"],
    }
    fulfilled = {"orderId": 7, "status": "failed", "amount": 100, "currency": "EUR"}
    fulfilled["failure"] = {"code": "out_of_stock"}
    page = {"items": [led, fulfilled], "next": "/orders?after=1-lifecycle-2&limit=2"}
    terminal.calls.answers["/orders"] = [page]
    run(terminal, "list", "--status", "running", "--limit", "2", "--after", "x")
    shown = capsys.readouterr().out
    for text in ("order-1", "7", "1.00 EUR", "out_of_stock", "more: --after 1-lifecycle-2"):
        assert text in shown
    assert terminal.calls.asked == [
        ("/orders", {"status": "running", "limit": 2, "after": "x"}, None)
    ]
    terminal.calls.answers["/orders"] = [{"items": [], "next": None}] * 2
    run(terminal, "list")
    assert capsys.readouterr().out == "no order is like that\n"
    run(terminal, "list", "--json")
    assert json.loads(capsys.readouterr().out)["items"] == []
