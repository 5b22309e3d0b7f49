"""Setting a file aside: it is never deleted, and never silently replaced (DESIGN law 14)."""

from datetime import UTC, datetime
from itertools import count
from os import PathLike
from pathlib import Path

import structlog

# The file itself goes last: until then it is still there, to be set aside again after a crash.
_PARTS = ("-wal", "-shm", "")


def set_aside(file: str | PathLike[str], now_ms: int, why: str) -> Path | None:
    """Rename a closed log file, with its WAL, to a name with the time in it, and say so.

    Returns the new name; None when there is no such file. ``now_ms`` is in Unix milliseconds.
    """
    old = Path(file)
    if not old.exists():
        return None
    new = _free_name(old, now_ms)
    for part in _PARTS:
        if (source := Path(f"{old}{part}")).exists():
            source.rename(f"{new}{part}")
    structlog.get_logger("sagalog").warning(
        "saga log set aside", file=str(old), kept_as=str(new), why=why
    )
    return new


def _free_name(old: Path, now_ms: int) -> Path:
    stamp = datetime.fromtimestamp(now_ms / 1_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in count():
        new = Path(f"{old}.aside-{stamp}" + (f"-{number}" if number else ""))
        if not any(Path(f"{new}{part}").exists() for part in _PARTS):
            return new
    raise AssertionError("count() has no end")
