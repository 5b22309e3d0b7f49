"""Everything that can go wrong when a store is made from the other."""


class ReplayError(Exception):
    """The log cannot be rebuilt."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class FileInTheWay(ReplayError):
    """There is a file already where one is to be made."""


class NothingToReplay(ReplayError):
    """The broker holds no saga log from which a file could be made."""


class NotABackup(ReplayError):
    """The file is no whole copy of a saga log."""


class NotWritten(ReplayError):
    """The file could not be written."""
