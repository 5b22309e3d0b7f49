"""Runs the parts one after another; each command is a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import msgspec

from infra.clock import Clock
from orchestrator.proof.kafka import Place
from orchestrator.proof.parts import Command, Part

LAST_LINES = 30
ROOT = Path(__file__).resolve().parents[2]
NO_CHECKS = "its checks are not installed with the package: run `saga proof` in a checkout"
Verdict = Literal["holds", "in part", "fails", "left out"]


class Result(msgspec.Struct, frozen=True):
    """What became of a part: ``why`` and the end of what was ``said`` where it does not hold, or
    only as far as it could be run here (`in part`); ``again`` is the command line that runs it
    alone.
    """

    part: str
    claim: str
    explored: list[str]
    seconds: float
    verdict: Verdict
    why: str = ""
    said: str = ""
    again: str = ""


def checkout() -> Path | None:
    """The folder with the checks; None where only the package is installed."""
    return ROOT if (ROOT / "tests" / "planted").is_dir() else None


class Proof:
    """Runs parts. ``folder`` keeps what each command printed; ``tell`` hears what is begun."""

    def __init__(self, folder: Path, place: Place, clock: Clock, tell: Callable[[str], None]):
        self._folder = folder
        self._place = place
        self._clock = clock
        self._tell = tell
        self._checkout = checkout()

    def run(self, wanted: Iterable[Part], *, full: bool) -> list[Result]:
        """Every part, whatever became of those before it."""
        return [self._part(part, part.commands(full=full)) for part in wanted]

    def _part(self, part: Part, commands: Iterable[Command]) -> Result:
        began = self._clock.monotonic()
        explored: list[str] = []
        lacking: list[str] = []

        def result(verdict: Verdict, why: str = "", said: str = "", again: str = "") -> Result:
            took = round(self._clock.monotonic() - began, 1)
            return Result(part.name, part.claim, explored, took, verdict, why, said, again)

        for number, command in enumerate(commands):
            if why := self._hindered(command):
                return result("left out", why)
            again = " ".join(["python", *(word or '""' for word in self._words(command))])
            self._tell(f"{part.name}: {again}")
            status, said = self._run(command, f"{part.name.replace(' ', '-')}-{number}.txt")
            found = command.read(said)
            if found.explored:
                explored.append(found.explored)
            if found.lacks:
                lacking.append(found.lacks)
            end = "\n".join(said.strip().splitlines()[-LAST_LINES:])
            if status != 0:
                return result("fails", f"it ended with {status}", end, again)
            if found.wrong:
                return result("fails", found.wrong, again=again)
            if not found.explored:
                return result("left out", "nothing of it could run here", end, again)
        if lacking:
            return result("in part", f"not run here: {'; '.join(lacking)}")
        return result("holds")

    def _hindered(self, command: Command) -> str:
        """Why a command cannot be run here; empty when it can."""
        if self._checkout is None and not command.installed:
            return NO_CHECKS
        if command.broker and not self._place.address:
            return f"it needs a real Kafka: {self._place.why}"
        return ""

    def _words(self, command: Command) -> tuple[str, ...]:
        return command.words + (("--broker", self._place.address) if command.broker else ())

    def _run(self, command: Command, name: str) -> tuple[int, str]:
        """Run it to its end; exit status, and everything it printed."""
        environment = dict(os.environ)
        if self._place.address:
            environment["SAGA_TEST_KAFKA"] = self._place.address
        file = self._folder / name
        with (
            file.open("wb") as out,
            subprocess.Popen(
                [sys.executable, *self._words(command)],
                cwd=None if command.installed else self._checkout,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                status = process.wait()
            except BaseException:
                process.terminate()  # its own end stops what it has started
                raise
        return status, file.read_text(encoding="utf-8", errors="replace")
