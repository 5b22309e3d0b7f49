"""What keeps the kit from beginning. What a participant gets wrong is a result, not an error."""


class ConformanceError(Exception):
    """The participant cannot be examined as asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class WrongExamples(ConformanceError):
    """The file of example commands is not what it should be."""


class UnknownCheck(ConformanceError):
    """The kit has no check of that name."""


class WrongPlace(ConformanceError):
    """A topic that the kit needs is not there."""
