"""Everything that can go wrong when a store is made from the other."""


class ReplayError(Exception):
    """The log cannot be rebuilt."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class FileInTheWay(ReplayError):
    """There is a saga log already where one is to be rebuilt."""
