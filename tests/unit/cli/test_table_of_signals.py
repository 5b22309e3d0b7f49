"""`saga table`: what waits, children and signals that change data do."""

import json

import pytest

from orchestrator.cli.main import run


def test_the_lines_under_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["table", "shipping"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "update-address: changes address until prepare is commanded" in shown
    assert "while prepare is in flight held, then it is done again; refused later" in shown


def test_columns_and_signals_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "order-lifecycle", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    kinds = {column["step"]: column["kind"] for column in shown["columns"]}
    assert (kinds["review"], kinds["shipping"]) == ("wait", "child")
    assert {one["signal"]: one["step"] for one in shown["signals"]} == {
        "review": "review",
        "update-address": "shipping",
    }
    outcomes = {row["outcomes"][name] for row in shown["rows"] for name in ("review", "shipping")}
    assert outcomes == {"", "success", "refused"}


def test_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "order-lifecycle", "--markdown"]) == 0
    assert "| rejected |" in capsys.readouterr().out
