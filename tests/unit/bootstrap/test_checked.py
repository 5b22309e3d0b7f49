"""The check at the start of a process: what breaks a property does not run, and that is said."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from pydantic import BaseModel

from orchestrator.bootstrap import checked
from orchestrator.bootstrap.checked import checked_definitions
from orchestrator.bootstrap.errors import DefinitionBroken
from orchestrator.cli.main import run
from orchestrator.definition.nodes import Definition, Node, version
from orchestrator.definition.words.builder import Saga
from orchestrator.verify.explore import Explored
from orchestrator.verify.result import CheckResult
from tests.world import definition, step

BROKEN_APP = """
from orchestrator.definition import Application
from pydantic import BaseModel
from orchestrator.definition.words.builder import Saga
from orchestrator.definition.nodes import version
from tests.world import definition, step

made = definition(step("a", undo=None), step("b"))
broken = Saga(made, BaseModel, version(made))
app = Application("broken", sagas=("broken_app:broken",))
"""


def saga(*body: Node) -> Saga:
    """As a builder would make it, without the rules that would refuse it."""
    made = definition(*body)
    return Saga(made, BaseModel, version(made))


GOOD = saga(step("a"), step("b"))
BROKEN = saga(step("a", undo=None), step("b"))


class CheckedAgain(Exception):
    """Something was explored that had been checked before."""


def check_nothing(given: Iterable[Definition], _budget: int) -> list[Explored]:
    """In place of `checked_at_start`."""
    if list(given):
        raise CheckedAgain
    return []


def explored(folder: Path, *sagas: Saga, budget: int = 4_000) -> tuple[list[CheckResult], str]:
    """The results, and what was said."""
    said: list[str] = []
    return list(checked_definitions(sagas, folder, said.append, budget).values()), "\n".join(said)


def test_what_holds_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, said = explored(tmp_path, GOOD)
    assert ([one.holds for one in first], said) == ([True], "")
    monkeypatch.setattr(checked, "checked_at_start", check_nothing)
    assert explored(tmp_path, GOOD)[0] == first
    with pytest.raises(CheckedAgain):  # another version is not the one that was checked
        explored(tmp_path, saga(step("a"), step("c")))


def test_another_engine_checks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    explored(tmp_path, GOOD)
    monkeypatch.setattr(checked, "engine_version", lambda: "another")
    monkeypatch.setattr(checked, "checked_at_start", check_nothing)
    with pytest.raises(CheckedAgain):
        explored(tmp_path, GOOD)


def test_what_is_too_large_is_said_and_goes_on(tmp_path: Path) -> None:
    (small, large), said = explored(tmp_path, GOOD, saga(step("a"), step("x")), budget=150)
    assert small.holds
    assert (large.exhausted, large.violation) == (False, None)
    assert said.splitlines() == [said]
    assert "saga check test" in said
    # The budget is spent on what is not known yet: now there is enough for the other one.
    again, said = explored(tmp_path, GOOD, saga(step("a"), step("x")), budget=150)
    assert [one.holds for one in again] == [True, True]


def test_a_file_that_is_no_result_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "checked.json").write_text("{", encoding="utf-8")
    assert explored(tmp_path, GOOD)[0][0].holds
    assert (tmp_path / "checked.json").read_bytes().startswith(b'{"engine":')


def test_what_does_not_hold_does_not_run(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):  # and a violation is not kept: it is shown at every start
        said.clear()
        with pytest.raises(DefinitionBroken, match="never failed with something left"):
            checked_definitions([GOOD, BROKEN], tmp_path, said.append)
        assert "BROKEN" in said[0]
        assert "failed, and what a did is left" in said[0]


@pytest.mark.parametrize("command", [["up", "--port", "0"], ["orchestrator", "--port", "0"]])
def test_the_commands_refuse_to_start(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "broken_app.py").write_text(BROKEN_APP, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    data = ["--data", str(tmp_path / "data")]
    assert run([*command, "--app", "broken_app:app", *data]) == 2
    said = capsys.readouterr().err
    assert "1  the saga is started" in said
    assert "saga: saga test may not run: it breaks" in said.splitlines()[-1]
