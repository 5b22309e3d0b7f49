"""The one place that each consumer group of an embedded broker has: a second member would end it.

The broker is on loopback, so whoever could take the place is on this machine: a locked file in the
folder for temporary files says who has it. The file goes with its holder; what a crash has left is
removed by the next one that takes any place.
"""

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

from infra.embedded_broker.errors import EmbeddedBrokerError

PATTERN = "saga-embedded-{}.lock"


class SeatTaken(EmbeddedBrokerError):
    """Another process has this place on the embedded broker already."""


class Seat:
    """A place that this process has; the kernel gives it back when the process ends anyhow."""

    def __init__(self, file: Path, handle: int) -> None:
        self._file = file
        self._handle: int | None = handle

    def release(self) -> None:
        """Give it back; harmless when repeated."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._file.unlink(missing_ok=True)  # before the lock goes: see `_lock`
            os.close(handle)


def take_seat(address: str, who: str) -> Seat:
    """Take the place of ``who`` (a group, in words) on the embedded broker at HOST:PORT.

    Raises SeatTaken, naming both.
    """
    folder = Path(tempfile.gettempdir())
    _remove_left(folder)
    name = "".join(c if c.isalnum() or c in ".-" else "-" for c in f"{address}-{who}")
    file = folder / PATTERN.format(name)
    handle = _lock(file)
    if handle is None:
        raise SeatTaken(
            f"another {who} uses the embedded broker at {address} already,"
            " and it takes only one; a real Kafka takes many"
        )
    return Seat(file, handle)


def _lock(file: Path) -> int | None:
    """Its open handle; None when somebody has it. A file that was removed while it was being locked
    is not the one that others find: then once more.
    """
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(file).st_ino == os.fstat(handle).st_ino:
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except FileNotFoundError:
            pass
        os.close(handle)


def _remove_left(folder: Path) -> None:
    for file in folder.glob(PATTERN.format("*")):
        with contextlib.suppress(OSError):  # somebody else's, or gone
            handle = _lock(file)
            if handle is not None:
                Seat(file, handle).release()
