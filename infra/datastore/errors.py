"""Everything that can go wrong with a data folder or a database file in it."""


class DatastoreError(Exception):
    """The data folder or a database in it cannot be used."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class DatabaseNotOpened(DatastoreError):
    """The database file cannot be opened, or is not what it should be."""


class NewerSchema(DatastoreError):
    """The database was written by a newer version of this program; nothing was changed."""


class MigrationFailed(DatastoreError):
    """A migration could not be applied; the database stands at the one before it."""


class UnknownStatement(DatastoreError):
    """No SQL statement of that name, or the file of statements is wrong."""


class FolderNotWritable(DatastoreError):
    """The data folder cannot be made or written."""


class FolderInUse(DatastoreError):
    """Another process uses the data folder."""
