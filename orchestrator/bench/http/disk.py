"""How long the disk takes to keep what is written, asked beside the load: an answer that says that
something is kept takes no less, and a disk that stands still holds up whoever commits.
"""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from infra.clock import Clock
from orchestrator.bench.http.figures import ms
from orchestrator.bench.report import percentile

FILE: Final = "disk-probe"
PAGE: Final = b"\0" * 4096
EVERY_S: Final = 0.02
STALL_S: Final = 0.01
"""A sync that takes longer is a stall: as long as an answer of ``/health`` may take."""
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


class Disk:
    """What syncs of a page have taken, in seconds, and how long they were watched; ``trouble`` says
    why they could not be.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.watched_s = 0.0
        self.trouble = ""

    def figures(self) -> dict[str, Any]:
        """Their percentiles, and the share of the time in which the disk stood still; or only the
        trouble, for what was seen until then is not of the whole load.
        """
        if self.trouble:
            return {"trouble": self.trouble}
        ordered = sorted(self.seconds)
        stalled = sum(taken for taken in ordered if taken > STALL_S)
        return {
            "p50_ms": ms(percentile(ordered, 0.50)),
            "p99_ms": ms(percentile(ordered, 0.99)),
            "max_ms": ms(ordered[-1]),
            "stalled_percent": round(100 * stalled / self.watched_s, 2),
        }


@contextmanager
def disk_watched(folder: Path, clock: Clock) -> Generator[Disk]:
    """Sync a page in the folder now and then, in a thread of its own; complete at the end.

    What cannot be written is trouble and not an error: the load beside it goes on.
    """
    disk, over = Disk(), threading.Event()
    watching = threading.Thread(target=_watch, args=(folder / FILE, clock, disk, over))
    watching.start()
    try:
        yield disk
    finally:
        over.set()
        watching.join()


def _watch(path: Path, clock: Clock, disk: Disk, over: threading.Event) -> None:
    try:
        _probe(path, clock, disk, over)
    except OSError as error:
        disk.trouble = f"{path} cannot be written: {error.strerror}"


def _probe(path: Path, clock: Clock, disk: Disk, over: threading.Event) -> None:
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    first = clock.monotonic()
    try:
        while True:
            began = clock.monotonic()
            os.pwrite(file, PAGE, 0)
            _sync(file)
            disk.seconds.append(clock.monotonic() - began)
            if over.wait(EVERY_S):
                break
    finally:
        disk.watched_s = clock.monotonic() - first
        os.close(file)
        path.unlink()
