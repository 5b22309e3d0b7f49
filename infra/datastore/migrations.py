"""Numbered migrations: ``migrations/0001_name.sql``, ``0002_...`` under a package, each in one
transaction.

The number of the last one applied is SQLite's ``user_version``, which is part of the same
transaction.
"""

import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from infra.boundaries import Boundary
from infra.datastore.connection import transaction
from infra.datastore.errors import MigrationFailed, NewerSchema

_FILE = re.compile(r"^(\d{4})_\w+\.sql$")


def migrate(connection: sqlite3.Connection, package: str, boundary: Boundary) -> int:
    """Bring the database to the newest schema that ``package`` knows; returns its number.

    Raises NewerSchema when the database is newer than that (nothing is changed), MigrationFailed
    when one of the migrations cannot be applied (it is rolled back whole, those before it stay) or
    their numbers have a gap.
    """
    scripts = _scripts(package)
    for number in range(_version(connection) + 1, len(scripts) + 1):
        _apply(connection, number, *scripts[number - 1], boundary)
    found = _version(connection)
    if found > len(scripts):
        raise NewerSchema(
            f"the database {_file(connection)} has schema {found}, and this program knows schemas"
            f" up to {len(scripts)}: it was written by a newer version; nothing was changed"
        )
    return found


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


def _apply(
    connection: sqlite3.Connection, number: int, name: str, script: str, boundary: Boundary
) -> None:
    try:
        with transaction(connection, boundary):
            for statement in _split(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
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


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
