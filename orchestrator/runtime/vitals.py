"""What the components of a running orchestrator measure: file, broker, timers.

For people and metrics; whether the process is ready is judged by `health`.
"""

import os
from pathlib import Path

import msgspec

from orchestrator.runtime.health import Health


class FileVitals(msgspec.Struct, frozen=True):
    """The saga log's file: sizes in bytes (-1: it cannot be looked at), room on its disk, and what
    keeps it from being written.
    """

    path: str
    bytes: int
    wal_bytes: int
    free_bytes: int
    trouble: str = ""


class BrokerVitals(msgspec.Struct, frozen=True):
    """The broker: what kind it is, why it does not answer, topics that take nothing now (each with
    the reason), and messages that it has not acknowledged.
    """

    address: str
    embedded: bool
    trouble: str = ""
    sick: dict[str, str] = {}
    unsent: int = 0


class TimerVitals(msgspec.Struct, frozen=True):
    """Wake-ups of an owned partition: how many are owed, up to a bound, and how long the oldest has
    been, in milliseconds.
    """

    partition: int
    owed: int
    behind_ms: int


class Vitals(msgspec.Struct, frozen=True):
    """All of it, with the health of the same moment; ``jump_ms``: how far the wall clock is away
    from the time that is gone by.
    """

    health: Health
    file: FileVitals
    broker: BrokerVitals
    timers: list[TimerVitals]
    jump_ms: int = 0


def file_vitals(file: Path, trouble: str) -> FileVitals:
    """Look at the file and its disk; never raises."""
    wal = file.with_name(f"{file.name}-wal")
    try:
        disk = os.statvfs(file.parent)
        free = disk.f_bavail * disk.f_frsize
        if disk.f_flag & os.ST_RDONLY and not trouble:
            trouble = "its file system can only be read"
    except OSError as error:
        free, trouble = -1, trouble or f"its folder cannot be looked at: {error.strerror}"
    return FileVitals(str(file), _size(file), _size(wal), free, trouble)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError:
        return -1
