"""Connections keep what they commit, and the read-only ones cannot write."""

import sqlite3
from pathlib import Path

import pytest

from infra.boundaries import OUTSIDE
from infra.datastore import DatabaseNotOpened, open_database, savepoint, transaction


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a folder with ?#% in it" / "data.db"


@pytest.fixture
def db(file: Path):
    file.parent.mkdir()
    connection = open_database(file)
    connection.execute("CREATE TABLE t (x INTEGER PRIMARY KEY, y TEXT)")
    yield connection
    connection.close()


def pragma(connection: sqlite3.Connection, name: str):
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def rows(connection: sqlite3.Connection) -> list[int]:
    return [x for (x,) in connection.execute("SELECT x FROM t ORDER BY x")]


def test_the_writer_is_durable(db: sqlite3.Connection, file: Path):
    assert pragma(db, "journal_mode") == "wal"
    assert pragma(db, "synchronous") == 2
    assert pragma(db, "fullfsync") == 1
    assert pragma(db, "checkpoint_fullfsync") == 1
    assert pragma(db, "foreign_keys") == 1
    assert file.exists()


def test_only_its_owner_may_look_into_it(db: sqlite3.Connection, file: Path):
    db.execute("INSERT INTO t VALUES (1, 'a')")
    modes = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
    assert modes == {"data.db": 0o600, "data.db-wal": 0o600, "data.db-shm": 0o600}


def test_a_read_only_connection_reads_and_cannot_write(db: sqlite3.Connection, file: Path):
    db.execute("INSERT INTO t VALUES (1, 'a')")
    reader = open_database(file, readonly=True)
    assert rows(reader) == [1]
    for statement in (
        "INSERT INTO t VALUES (2, 'b')",
        "DELETE FROM t",
        "DROP TABLE t",
        "PRAGMA user_version = 9",
        "BEGIN IMMEDIATE",
    ):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute(statement)
    # Even with the pragma taken back, the file itself was opened for reading only.
    reader.execute("PRAGMA query_only = OFF")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM t")
    reader.close()
    assert rows(db) == [1]


def test_a_read_only_connection_does_not_checkpoint(db: sqlite3.Connection, file: Path):
    db.execute("INSERT INTO t VALUES (1, 'a')")
    before, wal = file.read_bytes(), file.with_name("data.db-wal").stat().st_size
    assert wal > 0
    reader = open_database(file, readonly=True)
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    reader.close()
    assert file.read_bytes() == before
    assert file.with_name("data.db-wal").stat().st_size == wal


def test_the_last_reader_leaves_the_wal_of_a_killed_writer_alone(tmp_path: Path):
    """A copy of the files in the middle of things is what a kill leaves behind."""
    source = open_database(tmp_path / "source.db")
    source.execute("CREATE TABLE t (x INTEGER PRIMARY KEY)")
    source.execute("INSERT INTO t VALUES (7)")
    for suffix in ("", "-wal"):
        left = (tmp_path / f"source.db{suffix}").read_bytes()
        (tmp_path / f"copy.db{suffix}").write_bytes(left)
    source.close()
    size = (tmp_path / "copy.db-wal").stat().st_size
    reader = open_database(tmp_path / "copy.db", readonly=True)
    assert rows(reader) == [7]
    reader.close()
    assert (tmp_path / "copy.db-wal").stat().st_size == size


def test_a_file_without_wal_left_can_be_read(db: sqlite3.Connection, file: Path):
    db.execute("INSERT INTO t VALUES (1, 'a')")
    db.close()
    assert not file.with_name("data.db-wal").exists()
    reader = open_database(file, readonly=True)
    assert rows(reader) == [1]
    reader.close()


def test_a_missing_file_is_not_made_by_a_reader(tmp_path: Path):
    with pytest.raises(DatabaseNotOpened, match=r"nothing\.db"):
        open_database(tmp_path / "nothing.db", readonly=True)
    assert not list(tmp_path.iterdir())


def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path):
    file = tmp_path / "letter.db"
    file.write_bytes(b"Dear Sir or Madam, " * 100)
    for readonly in (False, True):
        with pytest.raises(DatabaseNotOpened, match=r"letter\.db.*not a database"):
            open_database(file, readonly=readonly)
    assert file.read_bytes() == b"Dear Sir or Madam, " * 100


def test_a_database_that_cannot_have_a_wal_is_refused():
    with pytest.raises(DatabaseNotOpened, match="/nowhere/at/all"):
        open_database("/nowhere/at/all/x.db")


def test_a_transaction_is_whole_or_not_at_all(db: sqlite3.Connection):
    with transaction(db, OUTSIDE):
        db.execute("INSERT INTO t VALUES (1, 'a')")

    def interrupted():
        with transaction(db, OUTSIDE):
            db.execute("INSERT INTO t VALUES (2, 'b')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert rows(db) == [1]
    assert not db.in_transaction


def test_a_full_disk_leaves_nothing_half_written_and_the_connection_usable(db: sqlite3.Connection):
    db.execute(f"PRAGMA max_page_count = {pragma(db, 'page_count') + 1}")

    def too_much():
        with transaction(db, OUTSIDE):
            for x in range(1_000):
                db.execute("INSERT INTO t VALUES (?, ?)", (x, "y" * 1_000))

    with pytest.raises(sqlite3.OperationalError, match="full"):
        too_much()
    assert rows(db) == []
    assert not db.in_transaction
    db.execute("PRAGMA max_page_count = 1000000")
    with transaction(db, OUTSIDE):
        db.execute("INSERT INTO t VALUES (1, 'a')")
    assert rows(db) == [1]


def test_a_savepoint_takes_only_its_own_part_back(db: sqlite3.Connection):
    def refused():
        with savepoint(db, 'a "quoted" name'):
            db.execute("INSERT INTO t VALUES (2, 'b')")
            raise KeyError

    with transaction(db, OUTSIDE):
        db.execute("INSERT INTO t VALUES (1, 'a')")
        with pytest.raises(KeyError):
            refused()
        with savepoint(db, "other"):
            db.execute("INSERT INTO t VALUES (3, 'c')")
    assert rows(db) == [1, 3]
