"""What every database's tests need: its schema, in a form that can be compared."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path


def schema_of(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """(type, name) -> SQL of everything in the schema, white space made equal."""
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
    )
    return {(kind, name): re.sub(r"\s+", " ", sql).strip() for kind, name, sql in rows}


def schema_of_script(script: str) -> dict[tuple[str, str], str]:
    """The same of a script of statements, as ``schema.sql`` is one."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    found = schema_of(connection)
    connection.close()
    return found


def schema_number(file: Path) -> int:
    """The number of the last migration that was applied to a file."""
    with closing(sqlite3.connect(file)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])
