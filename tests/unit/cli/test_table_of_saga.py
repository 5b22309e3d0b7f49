"""`saga table --saga`: the table of the version that the saga runs, not of the newest one."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from orchestrator.cli import table
from orchestrator.cli.main import run
from orchestrator.definition.nodes import Call, Definition, Retry, Step, version
from orchestrator.definition.table import compensation_table

RETRY = Retry(attempts=2, initial_ms=100, maximum_ms=1_000)
OLDER = Definition(
    "order-fulfillment",
    {},
    (
        Step(
            "old",
            "retriable",
            Call("Do", "olds.commands", {}),
            None,
            1_000,
            RETRY,
            1_000,
            RETRY,
            {},
        ),
    ),
)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """An API that knows saga 7, of an older version; what is asked of it."""
    found: list[tuple[str, dict[str, Any]]] = []
    answers: dict[str, Any] = {
        "/sagas/7": {"definition": OLDER.name, "version": version(OLDER)},
        f"/definitions/{OLDER.name}/table": {
            **msgspec.to_builtins(compensation_table(OLDER)),
            "check": None,
        },
        "/sagas/7/history": {"items": [], "next": None},
    }

    class Client:
        def get(self, path: str, **query: Any) -> Any:
            found.append((path, query))
            return answers[path]

    @contextmanager
    def connected(_settings: object) -> Generator[Client, None, None]:
        yield Client()

    monkeypatch.setattr(table, "connected", connected)
    return found


def test_the_table_is_that_of_the_sagas_version(
    asked: list[tuple[str, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["table", "order-fulfillment", "--saga", "7", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [column["step"] for column in shown["columns"]] == ["old"]
    assert shown["version"] == version(OLDER)
    assert ("/definitions/order-fulfillment/table", {"version": version(OLDER)}) in asked


def test_a_saga_of_another_definition_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "order-cancellation", "--saga", "7"]) == 2
    assert "order-fulfillment" in capsys.readouterr().err
