"""Everything that can go wrong with the saga log."""


class SagaLogError(Exception):
    """The saga log cannot be used."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class UnreadableRecord(SagaLogError):
    """A record on the log's topic is none that this version can read.

    ``kind``, ``epoch`` and ``seq`` are what it says about itself; empty and -1: nothing.
    """

    def __init__(self, message: str, kind: str = "", epoch: str = "", seq: int = -1) -> None:
        super().__init__(message)
        self.kind = kind
        self.epoch = epoch
        self.seq = seq


class ForeignLog(SagaLogError):
    """A record belongs to another log than this file (DESIGN law 14)."""


class LogGap(SagaLogError):
    """Records of the log are missing, or came out of order (DESIGN law 14: a gap is an error)."""


class LogConflict(SagaLogError):
    """The file holds something else under the same identity; nothing was written."""


class LogWriteFailed(SagaLogError):
    """The file could not be written; nothing of this batch was."""


class LogReadFailed(SagaLogError):
    """The file could not be read."""
