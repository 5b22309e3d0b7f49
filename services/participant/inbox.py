"""The inbox tables of a participant's database: what is remembered of commands and events."""

import secrets
import sqlite3
from typing import Final

from contracts.envelope import CommandMessage
from infra.datastore import Statements, migrate, transaction
from infra.datastore import refuse_newer as newer
from services.participant.boundaries import TABLES
from services.participant.errors import StorageFault
from services.participant.rules import History, Stored

PACKAGE: Final = "services.participant"
PART: Final = "inbox"
_SQL = Statements(PACKAGE)
_HISTORY = _SQL["history"]
_REMEMBER = _SQL["remember"]
_SEE_EVENT = _SQL["see_event"]

# Not the fault of one command: the file or the disk under it is in trouble, or somebody else writes
# to it.
_FAULTS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


def refuse_newer(db: sqlite3.Connection) -> None:
    """Raises NewerSchema when the inbox tables are newer than this program; changes nothing."""
    newer(db, PACKAGE, part=PART)


def prepare(db: sqlite3.Connection) -> None:
    """Bring the inbox tables to the newest schema; raises MigrationFailed, NewerSchema,
    sqlite3.Error.
    """
    migrate(db, PACKAGE, TABLES, part=PART)
    with transaction(db, TABLES):
        db.execute(_SQL["join"], (secrets.token_hex(8),))


def member(db: sqlite3.Connection) -> str:
    """The name of this database in its consumer group, made once at random."""
    return str(db.execute(_SQL["member"]).fetchone()[0])


def history(db: sqlite3.Connection, command: CommandMessage) -> History:
    """The stored outcomes of the command's step, in both directions and every round."""
    rows = db.execute(_HISTORY, (command["tenant"], command["saga"], command["step"]))
    return {(row[0], row[1]): Stored(*row[2:]) for row in rows}


def remember(db: sqlite3.Connection, command: CommandMessage, stored: Stored, now_ms: int) -> None:
    """Store the command's outcome, in the transaction of its effect."""
    key = (command["tenant"], command["saga"], command["step"])
    db.execute(_REMEMBER, (*key, command["direction"], command["round"], *stored, now_ms))


def see_event(db: sqlite3.Connection, source: str, event: str, now_ms: int) -> bool:
    """Whether this event is new; from now on it is not."""
    return db.execute(_SEE_EVENT, (source, event, now_ms)).rowcount == 1


def begin(db: sqlite3.Connection) -> None:
    """Begin the savepoint of one command or event."""
    db.execute("SAVEPOINT message")


def keep(db: sqlite3.Connection) -> None:
    """Keep what was written since ``begin``."""
    db.execute("RELEASE message")


def undo(db: sqlite3.Connection, error: Exception) -> None:
    """Undo what was written since ``begin``, because of this error; raises StorageFault when that
    is behind it.

    SQLite may have rolled the whole transaction back by itself, and a handler may have wrapped its
    error.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, sqlite3.Error) and unusable(cause):
            raise StorageFault(f"the database cannot be used: {cause}") from error
        cause = cause.__cause__ or cause.__context__
    if not db.in_transaction:
        raise StorageFault(f"the transaction was lost: {error}") from error
    db.execute("ROLLBACK TO message")
    db.execute("RELEASE message")


def unusable(error: sqlite3.Error) -> bool:
    """Whether the file or the disk under it is in trouble, and not the statement wrong."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in _FAULTS
