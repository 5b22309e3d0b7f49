"""The processes under load: started, measured from the outside, and gone afterwards (Linux:
/proc).
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.clock import Clock

TICKS: Final = os.sysconf("SC_CLK_TCK")
STOP_SECONDS: Final = 12


@dataclass(frozen=True)
class Usage:
    """What a process has used so far: CPU in seconds, peak memory in MiB."""

    cpu_s: float
    peak_mib: float


def usage(pid: int) -> Usage:
    """Read it from the operating system; zeros where it does not say."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "x 0")
        return Usage((int(fields[11]) + int(fields[12])) / TICKS, int(peak.split()[1]) / 1024)
    return Usage(0.0, 0.0)


@dataclass
class Fleet:
    """Named processes; ``extra`` are measured too but belong to somebody else (a broker)."""

    clock: Clock
    logs: Path
    own: dict[str, subprocess.Popen[bytes]] = field(
        default_factory=dict[str, "subprocess.Popen[bytes]"]
    )
    extra: dict[str, int] = field(default_factory=dict[str, int])

    def start(self, name: str, module: Sequence[str], env: Mapping[str, str]) -> None:
        """Start ``python -m`` of this interpreter; what it says goes to a file of its own."""
        with (self.logs / f"{name}.log").open("wb") as log:
            self.own[name] = subprocess.Popen(  # pylint: disable=consider-using-with
                [sys.executable, "-m", *module],
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches only the client, which then ends the others in order.
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """SIGKILL one of its own by process id, and forget it; returns once it is gone."""
        process = self.own.pop(name)
        process.kill()
        process.wait()

    def usages(self) -> dict[str, Usage]:
        """Every process by name, the client itself too."""
        pids = {"client": os.getpid(), **{n: p.pid for n, p in self.own.items()}, **self.extra}
        return {name: usage(pid) for name, pid in pids.items()}

    def dead(self) -> str | None:
        """The name of a process that has ended, with the last line it said."""
        for name, process in self.own.items():
            if process.poll() is not None:
                lines = (self.logs / f"{name}.log").read_text(errors="replace").split("\n")
                return f"{name} ended with {process.returncode}: {' '.join(lines[-4:]).strip()}"
        return None

    def stop(self) -> None:
        """End every process of its own: asked first, then killed. Both by process id."""
        for process in self.own.values():
            if process.poll() is None:
                process.terminate()
        for process in self.own.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def fleet(clock: Clock, logs: Path) -> Generator[Fleet]:
    """A fleet that is gone when the block is left, however it is left."""
    made = Fleet(clock, logs)
    try:
        yield made
    finally:
        made.stop()
