"""The processes under load: started, measured from the outside, and gone afterwards (Linux:
/proc).
"""

import contextlib
import os
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.processes import Fleet as Processes

TICKS: Final = os.sysconf("SC_CLK_TCK")


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
class Fleet(Processes):
    """Named processes; ``extra`` are measured too but belong to somebody else (a broker)."""

    extra: dict[str, int] = field(default_factory=dict[str, int])

    def usages(self) -> dict[str, Usage]:
        """Every process by name, the client itself too."""
        pids = {"client": os.getpid(), **{n: p.pid for n, p in self.own.items()}, **self.extra}
        return {name: usage(pid) for name, pid in pids.items()}


@contextlib.contextmanager
def fleet(logs: Path) -> Generator[Fleet]:
    """A fleet that is gone when the block is left, however it is left."""
    made = Fleet(logs)
    try:
        yield made
    finally:
        made.stop()
