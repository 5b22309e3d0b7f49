"""What rooms that may not import each other agree on about errors."""


class Mistake(Exception):
    """Whoever runs the program can put this right.

    The message is one line that says what, and is enough: the command line shows it without a
    traceback and exits with code 2. Services raise it, and nothing above them may import theirs.
    """

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)
