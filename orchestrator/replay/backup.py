"""A whole copy of the saga log while it is written, and a log from such a copy (DESIGN law 14); the
same of the database of a service, which nothing but a copy brings back.

The copy is SQLite's online backup over a read-only connection: one moment of the log, and the
writer goes on meanwhile. What came after that moment stands on the topic, and is read from there
when the orchestrator starts on the copy.
"""

import sqlite3
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import Final

from infra.datastore import DatastoreError, NewerSchema
from orchestrator.replay.boundaries import COPIED, RESTORED
from orchestrator.replay.errors import NotABackup, NotWritten
from orchestrator.replay.placing import placing
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.store import SagaLog

_LOG: Final = "SELECT 1 FROM partitions, sagas, transitions, definitions LIMIT 0"
_ANY: Final = "SELECT 1 FROM sqlite_schema LIMIT 0"
NOT_WRITTEN: Final = {"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN"}


def back_up(file: str | PathLike[str], copy: str | PathLike[str]) -> int:
    """Copy the log in this file, which may be in use; returns the size of the copy in bytes.

    The copy is one file, readable by its owner only, and checked. Raises FileInTheWay, NotABackup
    (there is no log, or it is damaged), NotWritten.
    """
    with placing(Path(copy).absolute(), COPIED) as beside:
        _copy(Path(file).absolute(), beside, _LOG)
        return beside.stat().st_size


def copy_service(file: str | PathLike[str], copy: str | PathLike[str]) -> int:
    """Copy the database of a service, which may be in use, or put a copy in its place; returns its
    size in bytes. Raises as ``back_up``.
    """
    with placing(Path(copy).absolute(), COPIED) as beside:
        _copy(Path(file).absolute(), beside, _ANY)
        return beside.stat().st_size


def restore(copy: str | PathLike[str], file: str | PathLike[str]) -> list[PartitionFacts]:
    """Make the log of a data folder from a copy; returns what it holds of each partition.

    Nobody may use the data folder meanwhile. Raises FileInTheWay, NewerSchema, NotABackup,
    NotWritten; then nothing was changed.
    """
    with placing(Path(file).absolute(), RESTORED) as beside:
        _copy(Path(copy).absolute(), beside, _LOG)
        try:
            with SagaLog.open(beside) as log:
                return log.partitions()
        except NewerSchema:
            raise
        except (DatastoreError, SagaLogError) as error:
            raise NotABackup(f"{copy} is no copy of a saga log: {error}") from error


def _copy(source: Path, target: Path, holds: str) -> None:
    """Copy a database into an empty file, and look whether it is whole; ``holds`` is a query that
    it must answer.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as read,
            closing(sqlite3.connect(target, isolation_level=None)) as written,
        ):
            read.execute(holds)
            read.backup(written)
            # One file that can be copied, and read where nothing can be written.
            written.execute("PRAGMA journal_mode = DELETE")
            found = written.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        name = str(getattr(error, "sqlite_errorname", ""))
        if source.exists() and name.startswith(tuple(NOT_WRITTEN)):
            raise NotWritten(f"cannot copy {source} to {target.parent}: {error}") from error
        kind = "saga log" if holds == _LOG else "database of a service"
        raise NotABackup(f"{source} is no {kind}: {error}") from error
    if found != "ok":
        raise NotABackup(f"{source} is damaged: {found}")
