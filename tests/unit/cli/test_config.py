"""`saga config`: every setting with its source, secrets masked."""

import json
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from orchestrator.cli.main import run
from orchestrator.settings import Settings
from services.participant.settings import ServiceSettings


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
    expected |= {f"SAGA_SERVICE_{name.upper()}" for name in dict(ServiceSettings.model_fields)}
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


OVERRIDES = {"order-fulfillment": {"deadline": 30, "steps": {"payment": {"timeout": 3}}}}


def test_overrides_are_shown_as_they_are_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(capsys)["SAGA_OVERRIDES"]["value"] is None
    monkeypatch.setenv("SAGA_OVERRIDES", json.dumps(OVERRIDES))
    found = shown(capsys)["SAGA_OVERRIDES"]
    assert (json.loads(found["value"]), found["source"]) == (OVERRIDES, "environment")


def test_overrides_make_another_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def versions() -> dict[str, str]:
        assert run(["definitions", "--json"]) == 0
        return {one["name"]: one["version"] for one in json.loads(capsys.readouterr().out)}

    written = versions()
    monkeypatch.setenv("SAGA_OVERRIDES", json.dumps(OVERRIDES))
    changed = versions()
    assert changed["order-fulfillment"] != written["order-fulfillment"]
    assert changed["order-cancellation"] == written["order-cancellation"]
    assert run(["table", "order-fulfillment"]) == 0
    assert "at its deadline (30 s)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{"order-fulfilment": {}}', "overrides: there is no saga 'order-fulfilment'. Write one"),
        ("{deadline", "SAGA_OVERRIDES: it is not JSON"),
        ("[]", "SAGA_OVERRIDES: Input should be a valid dictionary"),
    ],
)
def test_wrong_overrides_are_refused_with_the_place(
    value: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGA_OVERRIDES", value)
    assert run(["definitions"]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
