"""The power goes at any sync: the file opens, and holds every batch that had been reported.

What is reported is acted on (law 2), so nothing of it may be lost; what is not reported may be
there or not, but whole.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.integration.durability.batches import batch, held
from tests.integration.durability.connection import open_log
from tests.integration.durability.disk import Committed, Cut, Disk, Sync, cuts

BATCHES = 30
OFTEN = 40
"""Checkpoints come sooner than otherwise: a short run has several of them."""


@pytest.fixture(name="disk")
def _disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that remembers."""
    disk = Disk(f"disk-{tmp_path.name}")
    yield disk
    disk.unregister()


def run(file: Path, disk: Disk, *pragmas: str) -> None:
    """Commit batches, each reported when its commit has returned; the file is not closed."""
    log = open_log(file, disk, *pragmas, checkpoint=OFTEN)
    for number in range(1, BATCHES + 1):
        log.commit(batch(number))
        disk.log.append(Committed(number))
    before = len(disk.log)
    log.close()  # to be taken back: a power cut closes nothing
    del disk.log[before:]


def found_after(cut: Cut, folder: Path) -> int:
    """How many batches are there when the machine is on again."""
    folder.mkdir()
    for name, data in cut.image.items():
        (folder / name).write_bytes(data)
    return held(folder / "saga.db")


def test_nothing_that_was_reported_is_lost(tmp_path: Path, disk: Disk) -> None:
    run(tmp_path / "saga.db", disk)
    checkpoints = sum(isinstance(one, Sync) and one.name == "saga.db" for one in disk.log)
    assert checkpoints > 3
    seen: set[int] = set()
    number = 0
    for number, cut in enumerate(cuts(disk.log, random.Random(4))):
        found = found_after(cut, tmp_path / f"cut-{number}")
        assert cut.reported <= found <= cut.reported + 1, cut.place
        seen.add(found - cut.reported)
    assert number > 5 * BATCHES
    assert seen == {0, 1}


def test_every_sync_is_a_full_one(tmp_path: Path, disk: Disk) -> None:
    """Where the platform distinguishes them, the drive's own cache is written too."""
    run(tmp_path / "saga.db", disk)
    # The file is made before its connection is told so; nothing is in it yet.
    made = next(n for n, one in enumerate(disk.log) if isinstance(one, Committed))
    asked = {(one.name, one.flags & 3) for one in disk.log[made:] if isinstance(one, Sync)}
    assert asked == {(name, apsw.SQLITE_SYNC_FULL) for name in ("saga.db", "saga.db-wal")}


def test_without_the_syncs_these_tests_would_see_it(tmp_path: Path, disk: Disk) -> None:
    """The same with SQLite's default in WAL mode elsewhere: reported batches are lost."""
    run(tmp_path / "saga.db", disk, "synchronous = NORMAL")
    lost = [
        cut.reported - found_after(cut, tmp_path / f"cut-{number}")
        for number, cut in enumerate(cuts(disk.log, random.Random(4)))
        if cut.place.startswith("nothing")
    ]
    assert max(lost) > 0
