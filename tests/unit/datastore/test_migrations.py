"""Migrations: each whole or not at all, in order, and never backwards."""

from pathlib import Path

import pytest

from infra.boundaries import OUTSIDE
from infra.datastore import MigrationFailed, NewerSchema, migrate, open_database
from tests.databases import schema_of

ONE = {"migrations/0001_first.sql": """
        -- a comment; with a semicolon
        CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT DEFAULT ';');
        CREATE TRIGGER guard BEFORE DELETE ON a BEGIN
            SELECT raise(ABORT, 'no; never');
            SELECT 1;
        END;
        INSERT INTO a (x) VALUES (1)
    """}
TWO = {**ONE, "migrations/0002_second.sql": "ALTER TABLE a ADD COLUMN z INTEGER;\n-- the end"}


@pytest.fixture
def db(tmp_path: Path):
    connection = open_database(tmp_path / "data.db")
    yield connection
    connection.close()


def test_from_nothing_and_from_the_one_before(db, make_package):
    assert migrate(db, make_package(ONE), OUTSIDE) == 1
    assert migrate(db, make_package(TWO), OUTSIDE) == 2
    assert db.execute("SELECT x, y, z FROM a").fetchall() == [(1, ";", None)]


def test_twice_is_once(db, make_package):
    package = make_package(TWO)
    migrate(db, package, OUTSIDE)
    before = schema_of(db)
    assert migrate(db, package, OUTSIDE) == 2
    assert schema_of(db) == before
    assert db.execute("SELECT count(*) FROM a").fetchone() == (1,)


def test_a_failed_migration_is_taken_back_whole_and_those_before_it_stay(db, make_package):
    wrong = "CREATE TABLE b (x); INSERT INTO a (x) VALUES (2); CREATE TABLE a (x);"
    with pytest.raises(MigrationFailed, match=r"0002_wrong\.sql.*already exists"):
        migrate(db, make_package({**ONE, "migrations/0002_wrong.sql": wrong}), OUTSIDE)
    assert ("table", "b") not in schema_of(db)
    assert db.execute("SELECT x FROM a").fetchall() == [(1,)]
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert migrate(db, make_package(TWO), OUTSIDE) == 2


def test_half_a_statement_is_refused(db, make_package):
    with pytest.raises(MigrationFailed, match="0001_half"):
        migrate(
            db,
            make_package({"migrations/0001_half.sql": "CREATE TABLE a (x DEFAULT 'oops);"}),
            OUTSIDE,
        )
    assert schema_of(db) == {}


def test_a_newer_schema_is_refused_and_nothing_changed(db, make_package, tmp_path: Path):
    migrate(db, make_package(TWO), OUTSIDE)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = (tmp_path / "data.db").read_bytes()
    with pytest.raises(NewerSchema, match=r"schema 2.*up to 1"):
        migrate(db, make_package(ONE), OUTSIDE)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert (tmp_path / "data.db").read_bytes() == before


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"migrations/0002_second.sql": "SELECT 1"},
        {**ONE, "migrations/0003_third.sql": "SELECT 1"},
        {**ONE, "migrations/0001_too.sql": "SELECT 1"},
        {"migrations/first.sql": "SELECT 1"},
    ],
    ids=["none", "begins-with-two", "gap", "twice", "no-number"],
)
def test_migrations_whose_numbers_are_wrong_are_not_begun(db, make_package, files: dict[str, str]):
    with pytest.raises(MigrationFailed):
        migrate(db, make_package(files), OUTSIDE)
    assert schema_of(db) == {}


def test_a_part_of_the_database_has_its_own_number(db, make_package):
    """A library's tables beside the program's: each goes its own way, and is refused alone."""
    ours, theirs = make_package(TWO), {"migrations/0001_part.sql": "CREATE TABLE p (x)"}
    assert migrate(db, ours, OUTSIDE) == 2
    assert migrate(db, make_package(theirs), OUTSIDE, part="inbox") == 1
    later = {**theirs, "migrations/0002_more.sql": "CREATE TABLE q (x)"}
    assert migrate(db, make_package(later), OUTSIDE, part="inbox") == 2
    assert migrate(db, ours, OUTSIDE) == 2
    before = schema_of(db)
    with pytest.raises(NewerSchema, match="schema 2 of inbox"):
        migrate(db, make_package(theirs), OUTSIDE, part="inbox")
    assert schema_of(db) == before
