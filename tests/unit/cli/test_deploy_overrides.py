"""`saga deploy` means the sagas as the program would run them: with the settings' overrides."""

import json
from pathlib import Path

import pytest

from orchestrator.cli.deploy.gathering import New
from orchestrator.cli.main import run
from orchestrator.definition.nodes import canonical
from orchestrator.engine.plan import Plan
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.store import SagaLog
from orchestrator.settings import Settings

NAME = "order-fulfillment"
OVERRIDES = {NAME: {"steps": {"payment": {"timeout": 77}}}}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAGA_DATA", str(tmp_path / "data"))


def running(capsys: pytest.CaptureFixture[str]) -> str:
    """The version that a process with these settings would run."""
    assert run(["definitions", "--json"]) == 0
    return {one["name"]: one["version"] for one in json.loads(capsys.readouterr().out)}[NAME]


def test_what_is_deployed_is_what_the_program_would_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = running(capsys)
    monkeypatch.setenv("SAGA_OVERRIDES", json.dumps(OVERRIDES))
    overridden = running(capsys)
    assert overridden != written
    new = New.of(Settings())
    assert new.named(NAME).version == new.plans[NAME].version == overridden


def test_the_check_reads_the_overrides_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A wrong one is told with its place, as everywhere."""
    (tmp_path / "data").mkdir()
    with SagaLog.open(tmp_path / "data" / "saga.db") as log:
        plan = Plan(New.of(Settings()).named(NAME).definition)
        batch = Batch()
        batch.define(0, 0, plan.version, canonical(plan.definition))
        batch.keep(PartitionFacts(0, "log", "epoch", 1, 1, -1, 1))
        log.commit(batch)
    assert run(["deploy", "check"]) == 0
    assert "no open sagas" in capsys.readouterr().out
    monkeypatch.setenv("SAGA_OVERRIDES", '{"order-fulfillment": {"steps": {"pay": {}}}}')
    assert run(["deploy", "check"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "overrides of order-fulfillment, steps" in said
