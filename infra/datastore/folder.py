"""A data folder belongs to one process at a time."""

import fcntl
import os
import tempfile
from os import PathLike
from pathlib import Path
from types import TracebackType

from infra.datastore.errors import FolderInUse, FolderNotWritable

LOCK_FILE = "lock"


def ensure_folder(path: str | PathLike[str]) -> Path:
    """Make the folder if need be and try to write in it; raises FolderNotWritable saying why."""
    folder = Path(path).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        raise FolderNotWritable(
            f"the data folder {folder} cannot be written: {error.strerror or error}"
        ) from error
    return folder


class FolderLock:
    """The exclusive lock on a data folder; the kernel drops it when the process ends, however it
    ends.

    A context manager. ``acquire`` makes the folder, and raises FolderInUse naming the folder and
    the process that has it, or FolderNotWritable.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._folder = Path(path).absolute()
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock, at once or not at all."""
        file = ensure_folder(self._folder) / LOCK_FILE
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise FolderInUse(
                f"the data folder {self._folder} is in use by process {owner};"
                " stop that process, or name another folder"
            ) from None
        except OSError as error:
            os.close(handle)
            raise FolderNotWritable(f"cannot lock {file}: {error.strerror}") from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode("ascii"))
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; harmless when not held. The file stays: removing it would race."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> "FolderLock":
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
