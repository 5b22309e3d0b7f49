"""What can be wrong with a check itself."""


class VerifyError(Exception):
    """A definition could not be checked as it was asked."""


class NoSuchPath(VerifyError):
    """A path names a move that is not possible where it stands."""


class NoExample(VerifyError):
    """A test cannot be written: of one of its messages no example can be made."""
