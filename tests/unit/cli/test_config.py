"""`saga config`: every setting with its source, secrets masked."""

import json
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from orchestrator.cli.main import run
from orchestrator.settings import Settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, str]]:
    """The settings that `saga config --json` prints, by name."""
    assert run(["config", "--json", *arguments]) == 0
    return {setting["name"]: setting for setting in json.loads(capsys.readouterr().out)}


def test_every_setting_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    expected = {f"SAGA_{name.upper()}" for name in dict(Settings.model_fields)}
    expected |= {f"KAFKA_{name.upper()}" for name in dict(BrokerSettings.model_fields)}
    assert set(shown(capsys)) == expected


def test_the_source_of_a_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("SAGA_GROUP=of-the-file\nSAGA_HTTP_PORT=1\n", encoding="utf-8")
    monkeypatch.setenv("SAGA_HTTP_PORT", "2")
    found = shown(capsys, "--data", "here")
    value = {name: (setting["value"], setting["source"]) for name, setting in found.items()}
    assert value["SAGA_GROUP"] == ("of-the-file", ".env")
    assert value["SAGA_HTTP_PORT"] == ("2", "environment")
    assert value["SAGA_DATA"] == ("here", "--data")
    assert value["SAGA_LOG_LEVEL"] == ("info", "default")


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_masked(
    as_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGA_TOKEN", "a-very-secret-token")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "another-secret")
    assert run(["config", *(["--json"] if as_json else [])]) == 0
    out = capsys.readouterr().out
    assert "secret" not in out.replace("KAFKA_OAUTH_CLIENT_SECRET", "")
    assert out.count("********") == 2


def test_only_what_is_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGA_LOG_LEVEL", "debug")
    found = shown(capsys, "--set")
    assert "SAGA_LOG_LEVEL" in found
    assert all(setting["source"] != "default" for setting in found.values())
