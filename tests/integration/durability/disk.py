"""A disk that remembers what was written and synced, and that can fail: a VFS of SQLite (apsw).

Law 2 leans on this: what a commit has reported is on the disk. Here "on the disk" is looked at.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import apsw

SECTOR: Final = 512
PAGE: Final = 4096

Failure = Literal["", "full", "write", "sync"]


class Write(NamedTuple):
    """Bytes at an offset of a file; None: the file ends at the offset now."""

    name: str
    offset: int
    data: bytes | None


class Sync(NamedTuple):
    """Everything written to this file before is on the disk now."""

    name: str
    flags: int


class Deleted(NamedTuple):
    """The file is gone, at once: SQLite syncs the folder where it matters."""

    name: str


class Committed(NamedTuple):
    """A commit has returned: so many batches were reported."""

    batches: int


Happened = Write | Sync | Deleted | Committed
Image = dict[str, bytearray]


class Disk(apsw.VFS):
    """The real file system, with a memory (``log``) and a fault (``fails``), under its own name."""

    def __init__(self, name: str) -> None:
        self.log: list[Happened] = []
        self.fails: Failure = ""
        self.after = 0  # operations that still go well
        self.name = name
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> "DiskFile":  # pylint: disable=invalid-name
        """Open a file that is watched."""
        return DiskFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # pylint: disable=invalid-name
        """Delete a file, and remember it."""
        self.touch("write")
        super().xDelete(filename, syncdir)
        self.log.append(Deleted(Path(filename).name))

    def excepthook(self, *_: object) -> None:
        """The faults are wanted: nobody needs a traceback."""

    def touch(self, kind: Failure) -> None:
        """Raise when an operation of this kind has to fail now."""
        if not self.fails or kind not in (self.fails, "write" if self.fails == "full" else ""):
            return
        self.after -= 1
        if self.after < 0:
            raise apsw.FullError if self.fails == "full" else apsw.IOError


class DiskFile(apsw.VFSFile):
    """One open file."""

    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._disk = disk
        self._name = Path(path).name if path else ""
        super().__init__("", name, flags)

    def excepthook(self, *_: object) -> None:
        """As for the disk."""

    # pylint: disable=invalid-name  # the names are SQLite's
    def xWrite(self, data: bytes, offset: int) -> None:
        """Write, and remember it."""
        self._disk.touch("write")
        super().xWrite(data, offset)
        self._disk.log.append(Write(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        """Truncate, and remember it."""
        self._disk.touch("write")
        super().xTruncate(newsize)
        self._disk.log.append(Write(self._name, newsize, None))

    def xSync(self, flags: int) -> None:
        """Sync, and remember it."""
        self._disk.touch("sync")
        super().xSync(flags)
        self._disk.log.append(Sync(self._name, flags))


class Cut(NamedTuple):
    """Power was cut here: so many batches had been reported, and the disk looked like this."""

    place: str
    reported: int
    image: Image


def cuts(log: list[Happened], chance: random.Random) -> Iterator[Cut]:
    """The disk after a power cut just before each sync, and at the end.

    What was synced is there. Of what was not, in turns: nothing, all, all but the end of the last
    write (torn at a sector), and any of it, in pieces. Images are lent until the next one is asked
    for.
    """
    synced: Image = {}
    pending: list[Write] = []
    reported = 0
    for number, happened in enumerate([*log, Sync("", 0)]):
        match happened:
            case Write():
                pending.append(happened)
            case Committed(batches):
                reported = batches
            case Deleted(name):
                synced.pop(name, None)
                pending = [write for write in pending if write.name != name]
            case Sync(name):
                for kind, kept in _outcomes(pending, chance):
                    image = {file: bytearray(data) for file, data in synced.items()}
                    _apply(image, kept)
                    yield Cut(f"{kind} before operation {number} ({name})", reported, image)
                _apply(synced, [write for write in pending if write.name == name])
                pending = [write for write in pending if write.name != name]


def _outcomes(pending: list[Write], chance: random.Random) -> Iterator[tuple[str, list[Write]]]:
    yield "nothing", []
    if not pending:
        return
    yield "everything", pending
    yield "torn", [*pending[:-1], *_torn(pending[-1], chance)]
    for _ in range(2):
        some = [write for write in pending if chance.random() < 0.5]
        yield "pieces", [piece for write in some for piece in _torn(write, chance)]


def _torn(write: Write, chance: random.Random) -> list[Write]:
    """A write that was not finished: some of its sectors."""
    if write.data is None:
        return [write] if chance.random() < 0.5 else []
    sectors = range(0, len(write.data), SECTOR)
    kept = [start for start in sectors if chance.random() < 0.5]
    return [
        Write(write.name, write.offset + start, write.data[start : start + SECTOR])
        for start in kept
    ]


def _apply(image: Image, writes: list[Write]) -> None:
    for name, offset, data in writes:
        file = image.setdefault(name, bytearray())
        if data is None:
            del file[offset:]
            continue
        if len(file) < offset:
            file.extend(bytes(offset - len(file)))
        file[offset : offset + len(data)] = data
