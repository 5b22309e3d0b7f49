"""Connections that keep what they commit (WAL, synchronous=FULL), and transactions one can see."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path

from infra.boundaries import Boundary
from infra.datastore.errors import DatabaseNotOpened

BUSY_TIMEOUT_MS = 5_000
CACHE_KIB = 16_384
WAL_KEPT_BYTES = 64 * 1024 * 1024


def open_database(path: str | PathLike[str], *, readonly: bool = False) -> sqlite3.Connection:
    """Open a SQLite file; the writing connection makes it if it is not there.

    Transactions are explicit (``transaction``). A commit is on the disk when it returns (DESIGN law
    2). The connection may move between threads but must be used by one at a time; a read-only one
    can neither write nor checkpoint. Raises DatabaseNotOpened naming the file: missing, no
    database, or no WAL possible there.
    """
    file = Path(path).absolute()
    try:
        if not readonly:
            _own(file)
        connection = _connect(file, readonly)
        try:
            _configure(connection, readonly)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise DatabaseNotOpened(f"cannot open the database {file}: {error}") from error
    except DatabaseNotOpened as error:
        raise DatabaseNotOpened(f"cannot open the database {file}: {error}") from error
    return connection


def _own(file: Path) -> None:
    """Make the file if it is not there, for nobody else's eyes: it holds what the business is told.
    SQLite gives WAL and index the same rights.
    """
    with suppress(OSError):  # SQLite says better what is wrong
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def _connect(file: Path, readonly: bool) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{file.as_uri()}?mode={'ro' if readonly else 'rwc'}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=BUSY_TIMEOUT_MS / 1_000,
    )


def _configure(connection: sqlite3.Connection, readonly: bool) -> None:
    """Set what a connection has to be told; the mode also shows whether it is a database."""
    change = "PRAGMA journal_mode" if readonly else "PRAGMA journal_mode = WAL"
    mode = connection.execute(change).fetchone()[0]
    if mode != "wal":
        raise DatabaseNotOpened(f"its journal mode is {mode}, and WAL is needed")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    if readonly:
        connection.execute("PRAGMA query_only = ON")
        return
    connection.execute("PRAGMA synchronous = FULL")
    # Without these two macOS only asks the drive to write, and does not wait until it has;
    # elsewhere they do nothing.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")


@contextmanager
def transaction(connection: sqlite3.Connection, boundary: Boundary) -> Iterator[sqlite3.Connection]:
    """One write transaction: committed at the end, rolled back whole when anything is raised."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        boundary.before()
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself; a second ROLLBACK would hide the first
        # error.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    boundary.after()


@contextmanager
def savepoint(connection: sqlite3.Connection, name: str) -> Iterator[sqlite3.Connection]:
    """A part of a transaction: kept at the end, undone alone when anything is raised."""
    quoted = '"' + name.replace('"', '""') + '"'
    connection.execute(f"SAVEPOINT {quoted}")
    try:
        yield connection
        connection.execute(f"RELEASE {quoted}")
    except BaseException:
        if connection.in_transaction:
            connection.execute(f"ROLLBACK TO {quoted}")
            connection.execute(f"RELEASE {quoted}")
        raise
