"""`saga proof`: what it runs, how it reads what was explored, and when it fails."""

import json
from pathlib import Path

import pytest

from infra.clock import ManualClock
from orchestrator.proof import run as running
from orchestrator.proof.kafka import Place
from orchestrator.proof.parts import Command, Part, parts
from orchestrator.proof.readings import (
    Found,
    of_chaos,
    of_check,
    of_lines,
    of_recovery,
    of_tests,
    of_worlds,
)
from orchestrator.proof.run import Proof, Result

ROOT = Path(__file__).parents[3]
HERE = Place("127.0.0.1:9")


def made(words: tuple[str, ...], *, broker: bool = False) -> Part:
    command = Command(words, of_lines("explored"), broker)
    return Part("a part", "a claim", (command,), (command, command))


def outcome(folder: Path, part: Part, place: Place = HERE, *, full: bool = False) -> Result:
    (result,) = Proof(folder, place, ManualClock(0), lambda _: None).run([part], full=full)
    return result


def test_what_holds_says_what_was_explored(tmp_path: Path) -> None:
    """In full every command runs."""
    part = made(("-c", "print('7 explored')"))
    assert outcome(tmp_path, part).verdict == "holds"
    assert outcome(tmp_path, part, full=True).explored == ["7 explored", "7 explored"]


def test_what_fails_says_how_to_run_it_again(tmp_path: Path) -> None:
    """With the end of what it said."""
    found = outcome(tmp_path, made(("-c", "print('3 explored'); raise SystemExit('broken')")))
    assert (found.verdict, found.explored) == ("fails", ["3 explored"])
    assert "broken" in found.said
    assert found.again.startswith("python -c")


def test_what_explored_nothing_does_not_hold(tmp_path: Path) -> None:
    """A run in which everything was skipped proves nothing."""
    assert outcome(tmp_path, made(("-c", "print('nothing')"))).verdict == "left out"


def test_what_is_skipped_holds_only_in_part(tmp_path: Path) -> None:
    """However well the rest went; why stands beside it."""
    said = "print('SKIPPED [2] tests/x.py:3: no java'); print('1 passed, 2 skipped in 1s')"
    command = Command(("-c", said), of_tests)
    found = outcome(tmp_path, Part("a part", "a claim", (command,), ()))
    assert (found.verdict, found.why) == ("in part", "not run here: no java")


def test_what_is_wrong_fails_though_its_command_ended_well(tmp_path: Path) -> None:
    """The figures themselves may break a law."""
    command = Command(("-c", """print('{"open": 9, "by_time": 2}')"""), of_recovery)
    found = outcome(tmp_path, Part("a part", "a claim", (command,), ()))
    assert (found.verdict, "2 sagas were timed out" in found.why) == ("fails", True)


def test_a_part_without_its_kafka_is_left_out(tmp_path: Path) -> None:
    """And says why."""
    found = outcome(tmp_path, made(("-c", "1"), broker=True), Place("", "no Java"))
    assert (found.verdict, found.why) == ("left out", "it needs a real Kafka: no Java")


def test_an_installed_package_runs_what_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own commands; the checks of a checkout are left out, and that is said."""
    monkeypatch.setattr(running, "ROOT", tmp_path)
    assert running.checkout() is None
    tests = outcome(tmp_path, made(("-m", "pytest", "tests/planted")))
    assert (tests.verdict, tests.why) == ("left out", running.NO_CHECKS)
    part = Part("a part", "", (Command(("-m", "orchestrator.cli", "--version"), of_lines("")),), ())
    assert outcome(tmp_path, part).verdict == "holds"


@pytest.mark.parametrize("full", [False, True])
def test_every_part_names_what_is_there(full: bool) -> None:
    """Folders and modules of the checkout, and each name once."""
    known = parts(["order-fulfillment"])
    assert len({part.name for part in known}) == len(known) == 13
    for part in known:
        for command in part.commands(full=full):
            module = command.words[1]
            paths = [ROOT / word for word in command.words if word.startswith("tests/")]
            if module.startswith("tests."):
                place = ROOT / module.replace(".", "/")
                paths.append(place if place.is_dir() else place.with_suffix(".py"))
            assert all(path.exists() for path in paths), (part.name, paths)


def test_readings() -> None:
    """Each takes its figure from what its command prints."""
    skipped = "SKIPPED [8] tests/a/b.py:7: no java\nSKIPPED [1] tests/c.py:9: no java\n"
    found = of_tests(f"....\n{skipped}12 passed, 9 skipped in 3.2s\n")
    assert found == ("12 tests passed, 9 tests skipped", "no java", "")
    assert of_tests("3 skipped in 0.1s") == of_tests("no tests ran in 0.1s") == Found()
    assert of_lines("seeds in")("a\n  5 seeds in 1 s\nb") == Found("5 seeds in 1 s")
    explored = "a (SK, 2 owners): 29,465 worlds, 83,742 steps: holds\nb: 35 worlds, 58 steps: holds"
    assert of_worlds(explored) == Found("29,500 worlds, 83,800 steps in 2 scopes")
    check = {"states": 1234, "moves": 5678, "depth": 2, "exhausted": True}
    assert of_check(json.dumps(check)) == Found("1,234 situations, 5,678 moves, depth 2")
    unfinished = of_check(json.dumps(check | {"exhausted": False}))
    assert unfinished.explored.endswith("not exhausted")
    chaos = {"sagas": 9, "blows": {"broker": 2, "service": 1}, "seconds": 120, "seed": 4}
    assert of_chaos(f"a warning\n{json.dumps(chaos)}") == Found("9 sagas, 3 blows, 2 min, seed 4")
    scene = {"broker": "x", "scene": {"open": 1000, "deciding_s": 1.5}}
    assert of_recovery(json.dumps(scene)) == Found("1,000 open sagas, deciding_s 1.5")
    assert of_check("no JSON") == of_chaos("{") == of_recovery("[1]") == Found()


@pytest.mark.parametrize(
    ("figures", "wrong"),
    [
        ({"by_time": 0, "peak_mib": 199.9}, ""),
        ({"by_time": 3}, "law 5"),
        ({"peak_mib": 201}, "MiB"),
    ],
)
def test_a_recovery_may_neither_time_sagas_out_nor_grow_with_them(
    figures: dict[str, float], wrong: str
) -> None:
    found = of_recovery(json.dumps({"open": 10, **figures}))
    assert wrong in found.wrong if wrong else not found.wrong
