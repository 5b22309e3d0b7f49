"""Numbered migrations: ``migrations/0001_name.sql``, ``0002_...`` under a package, each in one
transaction.

The number of the last one applied is SQLite's ``user_version``, which is part of the same
transaction. A database that also holds tables of a library has their number in a table, under the
library's name.
"""

import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from infra.boundaries import Boundary
from infra.datastore.connection import transaction
from infra.datastore.errors import MigrationFailed, NewerSchema

_FILE = re.compile(r"^(\d{4})_\w+\.sql$")
_HAS_PARTS = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'schema_parts')"
_PARTS = """CREATE TABLE IF NOT EXISTS schema_parts
    (part TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID"""
_SET_PART = """INSERT INTO schema_parts (part, number) VALUES (?, ?)
    ON CONFLICT (part) DO UPDATE SET number = excluded.number"""


def migrate(
    connection: sqlite3.Connection, package: str, boundary: Boundary, *, part: str = ""
) -> int:
    """Bring the database to the newest schema that ``package`` knows; returns its number.

    ``part``: the name of the part of the database that ``package`` sees to; "" is all the rest.

    Raises NewerSchema when the database is newer than that (nothing is changed), MigrationFailed
    when one of the migrations cannot be applied (it is rolled back whole, those before it stay) or
    their numbers have a gap.
    """
    scripts = refuse_newer(connection, package, part=part)
    for number in range(_version(connection, part) + 1, len(scripts) + 1):
        _apply(connection, number, *scripts[number - 1], boundary, part)
    return len(scripts)


def refuse_newer(
    connection: sqlite3.Connection, package: str, *, part: str = ""
) -> list[tuple[str, str]]:
    """Name and text of every migration of ``package``; changes nothing.

    Raises NewerSchema when the database is beyond them, MigrationFailed as ``migrate`` does.
    """
    scripts = _scripts(package)
    found = _version(connection, part)
    if found > len(scripts):
        what = f"schema {found} of {part}" if part else f"schema {found}"
        raise NewerSchema(
            f"the database {_file(connection)} has {what}, and this program knows schemas"
            f" up to {len(scripts)}: it was written by a newer version; nothing was changed"
        )
    return scripts


def _scripts(package: str) -> list[tuple[str, str]]:
    """Name and text of every migration, in order of their numbers."""
    folder = files(package).joinpath("migrations")
    found = sorted(
        (entry.name, entry.read_text(encoding="utf-8"))
        for entry in (folder.iterdir() if folder.is_dir() else ())
        if entry.name.endswith(".sql")
    )
    for number, (name, _) in enumerate(found, start=1):
        match = _FILE.match(name)
        if match is None or int(match[1]) != number:
            raise MigrationFailed(f"{package}/migrations/{name} should be number {number:04d}")
    if not found:
        raise MigrationFailed(f"{package} has no migrations")
    return found


def _apply(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # one migration
    connection: sqlite3.Connection,
    number: int,
    name: str,
    script: str,
    boundary: Boundary,
    part: str,
) -> None:
    try:
        with transaction(connection, boundary):
            for statement in _split(script):
                connection.execute(statement)
            _set_version(connection, part, number)
    except sqlite3.Error as error:
        raise MigrationFailed(
            f"migration {name} of {_file(connection)} failed: {error}; nothing of it was kept"
        ) from error


def _split(script: str) -> Iterator[str]:
    """The statements of a script. (``executescript`` would commit on its own.)"""
    part = ""
    for piece in script.split(";"):
        part += piece + ";"
        if sqlite3.complete_statement(part):
            yield part
            part = ""
    if part.strip("; \t\r\n"):
        yield part


def _file(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2]) or "in memory"


def _version(connection: sqlite3.Connection, part: str) -> int:
    if not part:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not connection.execute(_HAS_PARTS).fetchone()[0]:
        return 0
    found = connection.execute("SELECT number FROM schema_parts WHERE part = ?", (part,)).fetchone()
    return int(found[0]) if found else 0


def _set_version(connection: sqlite3.Connection, part: str, number: int) -> None:
    if not part:
        connection.execute(f"PRAGMA user_version = {number}")
        return
    connection.execute(_PARTS)
    connection.execute(_SET_PART, (part, number))
