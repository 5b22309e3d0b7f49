"""What can go wrong with the embedded broker."""


class EmbeddedBrokerError(Exception):
    """The embedded broker does not run."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)
