"""Setting a partition aside: what contradicts the topic is kept in a file of its own (law 14)."""

import sqlite3
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from infra.datastore import transaction
from orchestrator.sagalog.boundaries import ASIDE
from orchestrator.sagalog.lookups import SQL

_COPIES = [
    SQL["copy_sagas"],
    SQL["copy_transitions"],
    SQL["copy_definitions"],
    SQL["copy_definition_places"],
    SQL["copy_rollouts"],
    SQL["copy_partition"],
]


def free_name(file: Path, partition: int, now_ms: int) -> Path:
    """A name that is not taken, with partition and time (Unix milliseconds) in it."""
    stamp = datetime.fromtimestamp(now_ms / 1_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    base = f"{file.name}.aside-p{partition}-{stamp}"
    names = (f"{base}-{number}" if number else base for number in count())
    return next(path for name in names if not (path := file.with_name(name)).exists())


def copy_partition(connection: sqlite3.Connection, partition: int, aside: Path) -> None:
    """Copy everything of a partition into an empty saga log, in one transaction of that file."""
    connection.execute(SQL["attach_aside"], (str(aside),))
    try:
        with transaction(connection, ASIDE):
            for statement in _COPIES:
                connection.execute(statement, (partition,))
    finally:
        connection.execute(SQL["detach_aside"])


def remove(aside: Path) -> None:
    """Take away what a copy that failed has left; it is tried again under the same name."""
    for end in ("", "-wal", "-shm"):
        aside.with_name(aside.name + end).unlink(missing_ok=True)
