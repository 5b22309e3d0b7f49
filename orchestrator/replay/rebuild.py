"""The file from the topic: a lost SQLite log is made again from ``saga.log`` (DESIGN law 14)."""

import os
from collections import defaultdict
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from orchestrator.replay.errors import FileInTheWay
from orchestrator.sagalog.follow import Follower
from orchestrator.sagalog.store import SagaLog

TOGETHER = 2_000  # records of one partition in one transaction


class Rebuilt(NamedTuple):
    """What was read: transitions written, and records skipped (partition, offset, why)."""

    transitions: int
    skipped: list[tuple[int, int, str]]


def rebuild(file: str | PathLike[str], records: Iterable[tuple[int, int, bytes | None]]) -> Rebuilt:
    """Make the file from every record of every partition: (partition, offset, value), each
    partition in order.

    The file appears under its name when it is whole; what an interrupted rebuild left is begun
    again. Raises FileInTheWay when there is one already (set it aside first), SagaLogError for
    records that cannot be.
    """
    target = Path(file)
    if target.exists():
        raise FileInTheWay(f"{target} is there already: it is not replaced, set it aside first")
    beside = Path(f"{target}.rebuilding")
    for part in ("", "-wal", "-shm"):
        Path(f"{beside}{part}").unlink(missing_ok=True)
    with SagaLog.open(beside) as log:
        rebuilt = _follow(Follower(log), records)
    os.replace(beside, target)
    _sync_folder(target.absolute().parent)
    return rebuilt


def _follow(follower: Follower, records: Iterable[tuple[int, int, bytes | None]]) -> Rebuilt:
    rebuilt = Rebuilt(0, [])
    waiting: defaultdict[int, list[tuple[int, bytes | None]]] = defaultdict(list)
    for partition, offset, value in records:
        waiting[partition].append((offset, value))
        if len(waiting[partition]) >= TOGETHER:
            rebuilt = _apply(follower, partition, waiting.pop(partition), rebuilt)
    for partition in sorted(waiting):
        rebuilt = _apply(follower, partition, waiting[partition], rebuilt)
    return rebuilt


def _apply(
    follower: Follower, partition: int, records: list[tuple[int, bytes | None]], so_far: Rebuilt
) -> Rebuilt:
    applied = follower.apply(partition, records)
    skipped = [(partition, offset, why) for offset, why in applied.skipped]
    return Rebuilt(so_far.transitions + applied.transitions, so_far.skipped + skipped)


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
