"""Sub-commands that an application brings."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.cli.main import run

APPLICATION = """
import typer
from orchestrator.definition import Application

greeting = typer.Typer()


@greeting.callback()
def about():
    pass


@greeting.command()
def hello(name: str, loud: bool = False):
    typer.echo(f"hello {name}{'!' if loud else ''}")


app = Application("tiny_greeter", sagas=(), commands={"greet": "tiny_greeter:greeting"})
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a tiny application; the current folder is another one."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (home / "tiny_greeter.py").write_text(APPLICATION, encoding="utf-8")
    monkeypatch.chdir(elsewhere)
    monkeypatch.delenv("SAGA_APP", raising=False)
    path = list(sys.path)
    yield home
    sys.path[:] = path
    sys.modules.pop("tiny_greeter", None)


@pytest.mark.parametrize("before", [True, False])
def test_it_is_found_with_the_options(
    folder: Path, before: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--app", "tiny_greeter:app", f"--app-dir={folder}"]
    words = ["greet", "hello", "Ann", "--loud"]
    assert run([*where, *words] if before else [*words, *where]) == 0
    assert capsys.readouterr().out == "hello Ann!\n"


def test_it_is_found_with_the_setting(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGA_APP", "tiny_greeter:app")
    monkeypatch.chdir(folder)
    assert run(["greet", "hello", "Ann"]) == 0
    assert capsys.readouterr().out == "hello Ann\n"


@pytest.mark.parametrize(
    "arguments", [["greet", "hello", "Ann"], ["greet", "--app"], ["--app", "sagas:app", "greet"]]
)
def test_without_its_application_it_is_no_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err.startswith("saga: ")


def test_our_own_commands_take_the_options_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["definitions", "--app", "nowhere_at_all:app"]) == 2
    assert "nowhere_at_all" in capsys.readouterr().err
