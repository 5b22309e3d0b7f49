"""What ends a command early: its text is the one line on stderr, its code the exit code."""

from typing import ClassVar


class CliError(Exception):
    """The command could not be carried out as it was given."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class BadInput(CliError):
    """The input of the command is not what it should be."""


class NoAnswer(CliError):
    """The HTTP API did not answer."""


class SagaFailed(CliError):
    """The saga failed, or a check did; nothing was wrong with the command."""

    exit_code = 1
