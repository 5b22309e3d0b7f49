""".ci/run: what it says and how it ends, with a stub in the place of uv.

The checks themselves are not run: shown is that the script hears them, stops Kafka and counts.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MISSING = [tool for tool in ("bash", "git") if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {' and '.join(MISSING)}")
CHECKS = {
    "black": "run black",
    "ruff": "run ruff",
    "pylint": "run pylint -j 2 contracts",
    "pylint of the tests": "run pylint -j 2 --source-roots",
    "import map": "run lint-imports",
    "types (pyright strict)": "run pyright",
    "planted bugs": "run pytest*planted.xml",
    "crash points": "run pytest*points.xml",
    "simulation": "run python -m tests.simulation",
    "chaos": "run saga chaos",
    "demo, embedded broker": "run saga demo",
    "demo, Kafka": "run saga demo --broker 127.0.0.1:9",
    "bench, Kafka": "run saga bench",
}

# Fails where it is told to, "starts" a Kafka that only sleeps, and hands in a test report.
UVW_STUB = """#!/bin/sh
echo "$SAGA_TEST_KAFKA $*" >>"$STUB_CALLS"
case "$*" in
    ${STUB_FAILS:-nothing}*) exit 3 ;;
    "run saga kafka start"*)
        sleep 600 >/dev/null 2>&1 &
        echo $! >"$STUB_KAFKA"
        echo "{\\"pid\\": $!, \\"bootstrap\\": \\"127.0.0.1:9\\"}"
        ;;
    "run pytest"*)
        for argument; do
            case $argument in
                --junitxml=*/tests.xml) echo "$STUB_REPORT" >"${argument#*=}" ;;
                --junitxml=*) echo "<testsuites/>" >"${argument#*=}" ;;
            esac
        done
        ;;
esac
"""

PASSED = "<testcase classname='tests.a' name='one'/><testcase classname='tests.a' name='two'/>"
SKIPPED = "<testcase classname='tests.b' name='three'><skipped message='no Docker'/></testcase>"
FAILED = "<testcase classname='tests.c' name='four'><failure message='no'/></testcase>"
ERROR = "<testcase classname='tests.c' name='five'><error message='no'/></testcase>"


@dataclass
class Checkout:
    """A clean checkout with .ci in it and a stub for uvw."""

    folder: Path

    def __post_init__(self) -> None:
        self.tree = self.folder / "tree"
        shutil.copytree(ROOT / ".ci", self.tree / ".ci")
        (self.tree / "uvw").write_text(UVW_STUB, encoding="utf-8")
        (self.tree / "uvw").chmod(0o755)
        self.git("init", "--quiet")
        self.git("add", ".")
        identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        self.git(*identity, "commit", "--quiet", "--message", "all")

    def git(self, *arguments: str) -> None:
        """Run git in the checkout."""
        subprocess.run(["git", *arguments], cwd=self.tree, check=True)

    def run(self, cases: str, **extra: str) -> tuple[int, str]:
        """Run .ci/run; exit status and all it printed."""
        environment = {
            **{name: value for name, value in os.environ.items() if name != "SAGA_TEST_KAFKA"},
            "CI": "true",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "STUB_CALLS": str(self.folder / "calls"),
            "STUB_KAFKA": str(self.folder / "kafka"),
            "STUB_REPORT": f"<testsuites><testsuite>{cases}</testsuite></testsuites>",
            "TMPDIR": str(self.folder),
            **extra,
        }
        done = subprocess.run(
            ["bash", ".ci/run"],
            cwd=self.tree,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout

    def kafka_runs(self) -> bool:
        """Does the process that was started as Kafka still live?"""
        pid = int((self.folder / "kafka").read_text(encoding="utf-8"))
        return Path(f"/proc/{pid}/cmdline").exists() and _command(pid) != b""

    def calls(self) -> str:
        """Every call of uvw: the address of Kafka that it saw, and its arguments."""
        return (self.folder / "calls").read_text(encoding="utf-8")


def _command(pid: int) -> bytes:
    """The command line of a process; empty for one that has ended and was not yet collected."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A clean checkout."""
    return Checkout(tmp_path)


def test_all_well_ends_with_the_count(checkout: Checkout) -> None:
    status, said = checkout.run(PASSED + SKIPPED)
    assert status == 0, said
    assert said.splitlines()[-1] == "2 passed, 0 failed, 1 skipped"
    assert "skipped: no Docker\n  tests.b::three\n" in said
    assert not checkout.kafka_runs()
    assert not list(checkout.folder.glob("tmp.*"))


def test_the_tests_see_kafka(checkout: Checkout) -> None:
    checkout.run(PASSED)
    assert "127.0.0.1:9 run pytest" in checkout.calls()


@pytest.mark.parametrize("name", CHECKS)
def test_one_failed_check_fails_the_run_but_does_not_end_it(checkout: Checkout, name: str) -> None:
    status, said = checkout.run(PASSED, STUB_FAILS=CHECKS[name].replace(" ", "?"))
    assert status == 1
    assert any(line.startswith(name) and "FAILED (3)" in line for line in said.splitlines())
    assert said.splitlines()[-1] == "2 passed, 0 failed, 0 skipped"
    assert "run saga bench" in checkout.calls()
    assert not checkout.kafka_runs()


@pytest.mark.parametrize("case", [FAILED, ERROR])
def test_a_failed_test_fails_the_run(checkout: Checkout, case: str) -> None:
    status, said = checkout.run(PASSED + case)
    assert status == 1
    assert said.splitlines()[-1] == "2 passed, 1 failed, 0 skipped"


@pytest.mark.parametrize("failing", ["run?pytest", "run?saga?kafka", "sync"])
def test_tests_that_did_not_run_fail_the_run(checkout: Checkout, failing: str) -> None:
    status, said = checkout.run(PASSED, STUB_FAILS=failing)
    assert status == 1
    assert "the tests did not run to their end: tests" in said


def test_a_long_check_that_did_not_run_is_named(checkout: Checkout) -> None:
    status, said = checkout.run(PASSED, STUB_FAILS="run?pytest*points.xml")
    assert status == 1
    assert "the tests did not run to their end: points" in said
    assert said.splitlines()[-1] == "2 passed, 0 failed, 0 skipped"


def test_no_tests_at_all_fail_the_run(checkout: Checkout) -> None:
    assert checkout.run("")[0] == 1


def test_a_checkout_that_is_not_clean_is_refused(checkout: Checkout) -> None:
    (checkout.tree / "forgotten").touch()
    status, said = checkout.run(PASSED)
    assert status == 1
    assert "?? forgotten" in said
