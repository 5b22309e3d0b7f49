"""The `saga` command as a whole: exit codes, and one line for whatever goes wrong."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from orchestrator.cli.main import run
from orchestrator.cli.registry import COMMANDS


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder and no settings from the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("SAGA_APP", "SAGA_DATA", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The only line on stderr; nothing may be on stdout."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"saga {name}" in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)


def test_without_a_command_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["config", "--wrong"],
        ["--wrong"],
        ["start"],
        ["list", "--limit", "many"],
        ["status", "seven"],
        ["nothing-of-that-name"],
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert one_line(capsys).startswith("saga: ")


def test_a_mistyped_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["statsu", "7"]) == 2
    assert "status" in one_line(capsys)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SAGA_HTTP_PORT", "many"),
        ("SAGA_APP", "no import string"),
        ("SAGA_TOKEN", "short"),
        ("KAFKA_BOOTSTRAP_SERVERS", "nowhere"),
    ],
)
def test_a_wrong_setting_names_its_variable(
    variable: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    assert run(["config"]) == 2
    assert variable in one_line(capsys)


def test_a_wrong_option_names_the_option_not_the_variable_of_somebody_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["table", "some-saga", "--app", "not an app"]) == 2
    assert "not an app" in one_line(capsys)


def test_an_unexpected_error_is_one_line_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(import_module("orchestrator.cli.config"), "describe", fail)
    assert run(["config"]) == 1
    line = one_line(capsys)
    assert "ZeroDivisionError" in line
    assert "a defect" in line
    assert "--debug" in line


def test_debug_shows_the_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(import_module("orchestrator.cli.config"), "describe", fail)
    assert run(["--debug", "config"]) == 1
    assert any(record.exc_info for record in caplog.records)


def test_the_commands_of_the_application_are_in_the_help(capsys: pytest.CaptureFixture) -> None:
    assert run(["--help"]) == 0
    assert "Orders that are led through a lifecycle" in capsys.readouterr().out
    assert run(["--app", "nothing:app", "--help"]) == 0
    assert "lifecycle" not in capsys.readouterr().out


def test_a_command_loads_no_library_that_it_does_not_need() -> None:
    heavy = ("fastapi", "services", "sagas", "orchestrator.runtime", "orchestrator.sagalog")
    code = (
        "import sys; from orchestrator.cli.main import run; run(['config', '--help']);"
        f"sys.exit(','.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
