"""The saga log over apsw: its own schema, pragmas and statements, on a disk that is watched."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import apsw

from infra.boundaries import OUTSIDE
from infra.datastore import connection as datastore
from infra.datastore import migrate
from orchestrator.sagalog.lookups import PACKAGE
from orchestrator.sagalog.store import SagaLog
from tests.integration.durability.disk import Disk


class Result:
    """What the saga log takes of a cursor of the standard library."""

    def __init__(self, rows: list[Any], rowcount: int, lastrowid: int) -> None:
        self._rows = rows
        self.rowcount = rowcount
        self.lastrowid = lastrowid

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def fetchone(self) -> Any:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[Any]:
        """Every row."""
        return self._rows


class Connection:
    """What the saga log takes of a connection of the standard library, over apsw."""

    def __init__(self, file: Path, disk: Disk) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._real = apsw.Connection(str(file), flags=flags, vfs=disk.name)

    def execute(self, sql: str, parameters: Any = ()) -> Result:
        """One statement."""
        return self.executemany(sql, [parameters])

    def executemany(self, sql: str, many: Iterable[Any]) -> Result:
        """One statement with many parameters."""
        before = self._real.total_changes()
        with _as_the_standard_library():
            rows = [row for one in many for row in self._real.execute(sql, one or None)]
        changed = self._real.total_changes() - before
        return Result(rows, changed, self._real.last_insert_rowid())

    def checkpoint_at(self, pages: int) -> None:
        """What SQLite does by itself: a commit is done although the checkpoint after it fails.

        (apsw raises what the disk raised in SQLite's own one, as if the commit had failed.)
        """

        def hook(connection: apsw.Connection, name: str, waiting: int) -> int:
            if waiting >= pages:
                with contextlib.suppress(apsw.Error):
                    connection.wal_checkpoint(name)
            return apsw.SQLITE_OK

        self._real.set_wal_hook(hook)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._real.in_transaction

    def close(self) -> None:
        """Close it."""
        with _as_the_standard_library():
            self._real.close()


def open_log(file: Path, disk: Disk, *pragmas: str, checkpoint: int = 1_000) -> SagaLog:
    """As SagaLog.open does it, then these pragmas; a checkpoint at so many pages (SQLite: 1000).

    Raises sqlite3.Error.
    """
    real = Connection(file, disk)
    connection = cast(sqlite3.Connection, real)
    try:
        datastore._configure(connection, False)  # pylint: disable=protected-access  # the very ones
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        real.checkpoint_at(checkpoint)
        migrate(connection, PACKAGE, OUTSIDE)
    except BaseException:
        disk.fails = ""  # closing is not what is tested
        connection.close()
        raise
    return SagaLog(file, connection)


@contextmanager
def _as_the_standard_library() -> Iterator[None]:
    """The errors of the one as the errors of the other."""
    try:
        yield
    except apsw.ConstraintError as error:
        raise sqlite3.IntegrityError(str(error)) from error
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error)) from error
