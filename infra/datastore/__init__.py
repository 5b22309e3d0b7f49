"""SQLite files in a data folder: connections, named SQL, migrations, and one process per folder.

SQLite before 3.51.3 can corrupt a WAL when two connections write or checkpoint at the same moment
(sqlite.org/wal.html, "the WAL-reset bug"), and that is what people have. Hence the rule of this
package: a file has ONE writing connection, in the one process that holds the folder's lock; all
others are opened with ``readonly=True``, which can neither write nor checkpoint.
"""

from infra.datastore.connection import open_database, savepoint, transaction
from infra.datastore.errors import (
    DatabaseNotOpened,
    DatastoreError,
    FolderInUse,
    FolderNotWritable,
    MigrationFailed,
    NewerSchema,
    UnknownStatement,
)
from infra.datastore.folder import FolderLock, ensure_folder
from infra.datastore.migrations import migrate, refuse_newer
from infra.datastore.statements import Statements

__all__ = [
    "DatabaseNotOpened",
    "DatastoreError",
    "FolderInUse",
    "FolderLock",
    "FolderNotWritable",
    "MigrationFailed",
    "NewerSchema",
    "Statements",
    "UnknownStatement",
    "ensure_folder",
    "migrate",
    "open_database",
    "refuse_newer",
    "savepoint",
    "transaction",
]
