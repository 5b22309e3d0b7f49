"""Runs checks on copies of the tree: as it is, and with one bug planted in it, two at a time."""

import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests.planted.forked import run
from tests.planted.planted import CODE, ROOT, Planted, PlantedError, apply

AT_A_TIME = 2
CHECK_S = 90
"""No check may take longer than that; those that are named take a few seconds."""
BASELINE_S = 240
LAST_LINES = 12
TAKEN = (*CODE, "tests", "docs", "pyproject.toml", "README.md")
FINDINGS = ("assert ", "AssertionError", "Failed: DID NOT RAISE")
"""How the failure of a check begins that has found something; anything else is an accident."""


class NotCaught(PlantedError):
    """A bug was planted, and its check did not say so; or said it without the bug, too."""


class Ran(NamedTuple):
    """What a check did: failures by test id (or the whole output of a command), and the end of
    what it printed.
    """

    status: int
    passed: frozenset[str]
    failures: dict[str, str]
    errors: tuple[str, ...]
    said: str

    @property
    def end(self) -> str:
        """The last lines."""
        return "\n".join(self.said.strip().splitlines()[-LAST_LINES:])


def copy_tree(target: Path, root: Path = ROOT) -> Path:
    """A copy of what is run, without the environment and the history."""
    target.mkdir(parents=True)
    for name in TAKEN:
        if (root / name).is_dir():
            shutil.copytree(root / name, target / name)
        elif (root / name).exists():
            shutil.copy2(root / name, target / name)
    return target


class Runner:
    """Runs checks in ``folder``; ``root`` is the tree that is copied."""

    def __init__(self, folder: Path, root: Path = ROOT) -> None:
        self._folder = folder
        self._root = root
        self._pool = ThreadPoolExecutor(AT_A_TIME)
        self._baselines: dict[str, Future[Ran]] = {}
        self._plants: dict[str, Future[Ran]] = {}

    def begin(self, chosen: Iterable[Planted]) -> None:
        """Run the checks of these on the tree as it is, then each with its bug."""
        wanted = list(chosen)
        tests = sorted({planted.check for planted in wanted if planted.is_test})
        if tests:
            together = self._pool.submit(self._test, "as-it-is", None, tests)
            self._baselines = dict.fromkeys(tests, together)
        for planted in wanted:
            if not planted.is_test and planted.check not in self._baselines:
                name = f"as-it-is-{len(self._baselines)}"
                self._baselines[planted.check] = self._pool.submit(
                    self._command, name, None, planted.command
                )
        for planted in wanted:
            self._plants[planted.name] = self._pool.submit(self._plant, planted)

    def baseline(self, check: str) -> None:
        """Wait for a check on the tree as it is; raises NotCaught when it does not pass."""
        ran = self._baselines[check].result()
        wrong = [name for name in (*ran.failures, *ran.errors) if _belongs(name, check)]
        if wrong or not any(_belongs(name, check) for name in ran.passed):
            raise NotCaught(f"{check} does not pass on the tree as it is:\n{ran.end}")

    def caught(self, planted: Planted) -> str:
        """Wait for the check of a planted bug; what it said. Raises NotCaught, NotApplied."""
        self.baseline(planted.check)
        ran = self._plants[planted.name].result()
        where = f"{planted.name} ({planted.defect})"
        if ran.status == 0:
            raise NotCaught(f"{where} was not caught by {planted.check}:\n{ran.end}")
        if ran.errors or ran.status != 1 or not ran.failures:
            raise NotCaught(f"{where}: {planted.check} did not run to a verdict:\n{ran.end}")
        said = "\n".join(ran.failures.values())
        if planted.shows:
            if planted.shows not in said:
                raise NotCaught(f"{where}: nothing says {planted.shows!r}:\n{said}\n{ran.end}")
        elif not any(failure.startswith(FINDINGS) for failure in ran.failures.values()):
            raise NotCaught(f"{where}: no assertion failed, but:\n{said}\n{ran.end}")
        return said

    def close(self) -> None:
        """Begin nothing more, and wait for what runs."""
        self._pool.shutdown(cancel_futures=True)

    def _plant(self, planted: Planted) -> Ran:
        if planted.is_test:
            return self._test(planted.name, planted, [planted.check])
        return self._command(planted.name, planted, planted.command)

    def _test(self, name: str, planted: Planted | None, nodes: Sequence[str]) -> Ran:
        report = self._folder / f"{name}.xml"
        # The seed is fixed: a check that finds a bug with luck only is no check.
        options = [
            "-q",
            "-m=",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "--hypothesis-seed=0",
        ]
        arguments = ["-m", "pytest", *options, f"--junitxml={report}", *nodes]
        status, said = self._run(
            name, planted, arguments, BASELINE_S if len(nodes) > 1 else CHECK_S
        )
        passed, failures, errors = set[str](), dict[str, str](), list[str]()
        for case in ElementTree.parse(report).iter("testcase") if report.exists() else ():
            place = f"{case.get('classname')}.{case.get('name')}"
            failure = case.find("failure")
            if failure is not None:
                failures[place] = failure.get("message", "")
            elif case.find("error") is not None:
                errors.append(place)
            elif case.find("skipped") is None:
                passed.add(place)
        return Ran(status, frozenset(passed), failures, tuple(errors), said)

    def _command(self, name: str, planted: Planted | None, words: Sequence[str]) -> Ran:
        status, said = self._run(name, planted, words, CHECK_S)
        place = " ".join(["python", *words])
        if status == 0:
            return Ran(status, frozenset((place,)), {}, (), said)
        return Ran(status, frozenset(), {place: said}, (), said)

    def _run(
        self, name: str, planted: Planted | None, arguments: Sequence[str], within_s: float
    ) -> tuple[int, str]:
        """Run Python in a copy of the tree; exit status and output. -1: it did not end in time."""
        tree = copy_tree(self._folder / name, self._root)
        if planted is not None:
            apply(planted, tree)
        try:
            return run(arguments, tree, self._folder / f"{name}.log", within_s)
        finally:
            shutil.rmtree(tree, ignore_errors=True)


def _belongs(name: str, check: str) -> bool:
    """Whether the test of this name in a report is (a case of) the check."""
    node = check.replace(".py::", "::").replace("/", ".").replace("::", ".")
    return name in (node, check) or name.startswith(f"{node}[")
