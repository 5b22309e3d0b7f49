"""What can go wrong with a Kafka node of our own."""


class LocalKafkaError(Exception):
    """The local Kafka node cannot be used."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class ProgramMissing(LocalKafkaError):
    """A program that a local Kafka node needs is not installed."""


class FetchFailed(LocalKafkaError):
    """Apache Kafka could not be fetched from its Maven artifacts."""


class StartFailed(LocalKafkaError):
    """The local Kafka node did not start."""
