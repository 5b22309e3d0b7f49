"""Everything that can go wrong in the runtime."""


class RuntimeFailure(Exception):
    """The orchestrator's runtime cannot go on."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class IllegalEvent(RuntimeFailure):
    """An event reached the ownership of a partition in a phase where it cannot happen."""


class LogGap(RuntimeFailure):
    """The log of a partition no longer holds records that this process has not read."""


class LogLost(RuntimeFailure):
    """The broker holds nothing of a log that the file holds."""


class OtherLog(RuntimeFailure):
    """The broker holds another log than the file."""


class ClaimIgnored(RuntimeFailure):
    """Our claim does not count: another one named the log first."""


class NotRunning(RuntimeFailure):
    """The orchestrator is not running."""
