"""Running `saga` as a user does: in processes of its own, with folders of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

PATIENCE_S = 60.0
# The console script, not `python -m`: Python would put the current folder in front of the path.
CLI = [str(Path(sys.executable).with_name("saga"))]


class Done(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        """What it printed with --json."""
        return json.loads(self.out)

    def is_a_mistake(self, *says: str) -> None:
        """Exit code 2, one line on stderr that says this, and no traceback."""
        assert self.code == 2, self
        assert self.err.startswith("saga: "), self
        assert self.err.count("\n") == 1, self
        assert "Traceback" not in self.err + self.out, self
        for text in says:
            assert text in self.err, self


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SAGA_", "KAFKA_", "OTEL_"))}
    return {**kept, **(extra or {})}


class Saga:
    """The command, called in a folder with a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._processes: list[subprocess.Popen[str]] = []

    def run(self, *arguments: str, stdin: str = "", **env: str) -> Done:
        """Run a command to its end."""
        done = subprocess.run(
            [*CLI, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=environment({"SAGA_DATA": str(self.data), **env}),
            timeout=PATIENCE_S * 3,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def json(self, *arguments: str) -> Any:
        """The facts of a command that must succeed."""
        done = self.run(*arguments, "--json")
        assert done.code == 0, done
        return done.facts

    def spawn(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Begin a command that goes on."""
        name = f"{arguments[0]}-{len(self._processes)}.log"
        with (self.folder / name).open("w", encoding="utf-8") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with  # close() ends it
                [*CLI, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=self.folder,
                env=environment({"SAGA_DATA": str(self.data), **env}),
            )
        self._processes.append(process)
        return process

    def up(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """`saga up`, once it is ready."""
        process = self.spawn("up", "--port", "0", *arguments, **env)
        self.until(self.ready, process)
        return process

    def url(self) -> str:
        """Where the HTTP API of the running process is; empty when nothing runs."""
        try:
            return str(json.loads((self.data / "running.json").read_text("utf-8"))["url"])
        except (OSError, ValueError):
            return ""

    def ready(self) -> bool:
        """Whether the running process says that it is ready."""
        url = self.url()
        try:
            return bool(url) and httpx.get(f"{url}/health/ready", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def until(self, condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
        """Wait for a condition; fails with the process's output when that ends or time is over."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            alive = process.poll() is None
            if not alive or time.monotonic() > deadline:
                logs = "\n".join(file.read_text() for file in self.folder.glob("*.log"))
                pytest.fail(f"{'not in time' if alive else 'the process has ended'}:\n{logs}")
            time.sleep(0.05)

    def stop(self, process: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
        """Signal a process and wait for its end; its exit code."""
        process.send_signal(number)
        return process.wait(PATIENCE_S)

    def close(self) -> None:
        """End whatever still runs, by its own process id."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def saga(tmp_path: Path) -> Iterator[Saga]:
    """The command in an empty folder; nothing it started outlives the test."""
    command = Saga(tmp_path)
    try:
        yield command
    finally:
        command.close()
