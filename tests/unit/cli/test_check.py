"""`saga check`: what it prints, and its exit codes."""

import json
from pathlib import Path

import pytest

from orchestrator.cli.main import run
from orchestrator.engine import backward, forward


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_was_explored_and_that_the_table_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "order-cancellation"]) == 0
    out = capsys.readouterr().out
    assert "order-cancellation" in out
    assert "holds" in out
    assert "situations" in out
    assert "at most 2 adversities on a path" in out
    assert "table: 7 rows, 7 of them reached; every reachable end is a row" in out


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "order-cancellation", "--depth", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["holds"] and found["exhausted"]
    assert found["depth"] == 1
    assert found["rows"] == found["reached"] == 7
    assert found["states"] > 100


def test_over_the_budget_is_no_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "order-fulfillment", "--states", "100"]) == 1
    assert "NOT EXHAUSTED: more than 100 situations" in capsys.readouterr().out


def test_a_violation_is_a_timeline_and_a_path_to_play_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "settle", backward.undo)
    assert run(["check", "order-fulfillment"]) == 1
    out = capsys.readouterr().out
    assert "BROKEN" in out
    assert "payment refuses: insufficient_funds" in out
    path = out.rpartition("--again ")[2].strip()
    assert run(["check", "order-fulfillment", "--again", path]) == 1
    assert "BROKEN" in capsys.readouterr().out
    monkeypatch.undo()
    assert run(["check", "order-fulfillment", "--again", path]) == 0
    assert "ends: failed" in capsys.readouterr().out


def test_tests_to_keep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "test_orders.py"
    written = ["check", "order-fulfillment", "--write-tests", str(file)]
    assert run(written) == 0
    assert "23 tests" in capsys.readouterr().out
    assert "def test_crash_of_payment" in file.read_text(encoding="utf-8")
    assert run(written) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "no definition 'nope'; there are: order-fulfillment"),
        (["order-fulfillment", "--again", "nonsense"], "'nonsense' cannot happen here"),
        (["order-fulfillment", "--write-tests", "no/such/folder.py"], "cannot be written"),
        (["order-fulfillment", "--depth", "-1"], "depth"),
    ],
)
def test_bad_input(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", *arguments]) == 2
    assert said in capsys.readouterr().err
