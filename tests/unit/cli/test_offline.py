"""The commands that need no running process: table, definitions, topics --print, init."""

import ast
import json
import os
from pathlib import Path
from typing import Literal

import pytest

from orchestrator.cli.errors import BadInput
from orchestrator.cli.facts import Outcome, SagaFacts, StepFacts
from orchestrator.cli.init import package_name
from orchestrator.cli.main import run
from orchestrator.cli.table import still_possible
from orchestrator.definition.table import compensation_table
from sagas.order_fulfillment import order_fulfillment


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_table_has_the_rows_of_the_design(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "order-fulfillment", "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for row in (
        "| success | success | success | success | completed | |",
        "| not found | | | | failed, 404 | none: nothing was done |",
        "| success | failed | success | success | failed | restore inventory, cancel shipping |",
        "| success | success | failed | success | failed | refund payment, cancel shipping |",
        "| success | success | success | failed | failed | refund payment, restore inventory |",
    ):
        assert row in lines


def test_the_table_for_programs_and_with_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "order-fulfillment", "--json"]) == 0
    definite = json.loads(capsys.readouterr().out)["rows"]
    assert run(["table", "order-fulfillment", "--json", "--all"]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) > len(definite) == 9


def test_under_the_table_stands_what_the_check_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "order-fulfillment"]) == 0
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("check: ")]
    assert line.startswith("check: holds")
    assert run(["table", "order-cancellation", "--json"]) == 0
    check = json.loads(capsys.readouterr().out)["check"]
    assert (check["holds"], check["depth"]) == (True, 1)


def test_an_unknown_definition_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "nope"]) == 2
    assert "order-fulfillment" in capsys.readouterr().err


def test_the_definitions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["definitions", "--json"]) == 0
    found = {saga["name"]: saga["steps"] for saga in json.loads(capsys.readouterr().out)}
    assert found["order-fulfillment"] == ["product", "payment", "inventory", "shipping"]


def test_topics_are_printed_without_a_broker(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["topics", "create", "--print", "--broker", "127.0.0.1:1"]) == 0
    out = capsys.readouterr().out
    assert "--topic saga.log" in out
    assert "--topic payment.commands" in out
    assert "127.0.0.1:1" in out


def test_init_writes_a_project_of_valid_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "My new-shop"), "--json"]) == 0
    project = json.loads(capsys.readouterr().out)
    assert project["package"] == "my_new_shop"
    for name in project["files"]:
        text = (Path(project["path"]) / name).read_text(encoding="utf-8")
        assert "$package" not in text
        if name.endswith(".py"):
            ast.parse(text)


@pytest.mark.parametrize("path", ["full", "full/file"])
def test_init_overwrites_nothing(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine", encoding="utf-8")
    assert run(["init", path]) == 2
    assert (tmp_path / "full" / "file").read_text(encoding="utf-8") == "mine"
    assert os.listdir(tmp_path / "full") == ["file"]
    assert capsys.readouterr().err.startswith("saga: ")


@pytest.mark.parametrize("title", ["class", "7up", "---", "services", "json", "pytest"])
def test_names_that_no_package_can_have(title: str) -> None:
    with pytest.raises(BadInput, match="--name"):
        package_name(title)


@pytest.mark.parametrize(
    ("steps", "ended", "rows"),
    [
        ({}, "", 29),
        ({"product": "sent"}, "", 29),
        ({"product": "success", "payment": "sent", "inventory": "refused"}, "", 9),
        ({"product": "refused"}, "failed", 1),
        (
            {
                "product": "success",
                "payment": "success",
                "inventory": "refused",
                "shipping": "sent",
            },
            "",
            3,
        ),
        (dict.fromkeys(("product", "payment", "inventory", "shipping"), "success"), "completed", 1),
    ],
)
def test_the_rows_that_a_running_saga_can_still_come_to(
    steps: dict[str, Outcome], ended: Literal["", "completed", "failed"], rows: int
) -> None:
    facts = SagaFacts({name: StepFacts(came) for name, came in steps.items()}, ended)
    found = still_possible(compensation_table(order_fulfillment.definition), facts)
    assert len(found) == rows
