"""A file appears under its name when it is whole and on the disk, and never over another one."""

import contextlib
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from infra.boundaries import Boundary
from orchestrator.replay.errors import FileInTheWay, NotWritten

SIDES = ("-wal", "-shm")
"""What SQLite keeps beside a database while it is open."""


@contextmanager
def placing(target: Path, boundary: Boundary) -> Generator[Path]:
    """A new empty file beside the target (only its owner may read it), which becomes the target
    when the block ends well, and is removed when it does not.

    What an interrupted one left is litter and never taken for the target. Raises FileInTheWay when
    the target is there, NotWritten when the folder cannot be written.
    """
    _refuse(target)
    beside = _beside(target)
    try:
        yield beside
        _sync(beside)
        _refuse(target)
        _set_sides_aside(target)
        with boundary:
            os.replace(beside, target)
            _sync(target.parent)
    finally:
        for part in ("", *SIDES, "-journal"):
            Path(f"{beside}{part}").unlink(missing_ok=True)


def _refuse(target: Path) -> None:
    if os.path.lexists(target):
        raise FileInTheWay(f"{target} is there already: it is not replaced, set it aside first")


def _beside(target: Path) -> Path:
    try:
        handle, name = tempfile.mkstemp(prefix=f"{target.name}.making-", dir=target.parent)
    except OSError as error:
        raise NotWritten(f"cannot write in {target.parent}: {error.strerror or error}") from error
    os.close(handle)
    return Path(name)


def _set_sides_aside(target: Path) -> None:
    """A WAL outlives a database that is deleted after a crash, and would be read into the next."""
    for side in SIDES:
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{target}{side}", f"{target}.lost{side}")


def _sync(path: Path) -> None:
    """The content of a file, or a rename in a folder, is on the disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
