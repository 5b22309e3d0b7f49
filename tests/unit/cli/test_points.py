"""`saga proof points`, and a process that is armed with a point that there is not."""

import json
import os
import signal
import subprocess
import sys

import pytest

from infra.boundaries import CRASH_AT, PHASE, TRANSACTION, Boundary, UnknownPoint, arm, boundary
from orchestrator.bootstrap.crash_points import crash_points
from orchestrator.cli.main import run


def test_every_point_is_listed_with_its_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["proof", "points", "--json"]) == 0
    found = {point["name"]: point for point in json.loads(capsys.readouterr().out)}
    assert len(found) == len(crash_points())
    assert found["file.commit:before"]["port"] == "transaction"
    assert "COMMIT is not given" in found["file.commit:before"]["meaning"]
    assert {"log.transitions:sent", "participant.replies:after"} <= found.keys()


@pytest.mark.parametrize(
    "spec", ["file.comit:before", "file.commit:sent", "file.commit", "fil.commit:befor:0"]
)
def test_a_wrong_point_is_refused_with_the_right_ones(
    spec: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CRASH_AT, spec)
    assert run(["config"]) == 2
    said = capsys.readouterr().err
    assert spec in said and "file.commit:before" in said and said.count("\n") == 1
    assert "`saga proof points` lists all" in said


@pytest.mark.parametrize("passing", ["0", "-1", "one", "1.5"])
def test_a_passing_is_a_number_from_one(passing: str) -> None:
    crash_points()
    with pytest.raises(UnknownPoint):
        arm(f"file.commit:before:{passing}")


def test_a_name_is_given_once() -> None:
    crash_points()
    with pytest.raises(ValueError, match="two boundaries are named"):
        boundary("file.commit", TRANSACTION, "another")


def test_what_failed_has_no_after() -> None:
    passed: list[str] = []

    class Watched(Boundary):  # pylint: disable=too-few-public-methods
        def before(self) -> None:
            passed.append("before")

        def after(self) -> None:
            passed.append("after")

    with pytest.raises(KeyError), Watched("x", PHASE, "x"):
        raise KeyError
    with Watched("x", PHASE, "x"):
        pass
    assert passed == ["before", "before", "after"]


def test_the_process_ends_itself_at_the_passing_asked_for() -> None:
    program = (
        "from infra.boundaries import PHASE, arm, boundary\n"
        "here = boundary('here', PHASE, 'x')\n"
        "arm('here:after:3')\n"
        "for number in range(9):\n"
        "    with here:\n"
        "        print(number, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == "0\n1\n2\n"
    assert done.stderr == "saga: killed at here:after\n"
