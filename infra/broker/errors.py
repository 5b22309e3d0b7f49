"""Everything that can go wrong between this process and its Kafka cluster."""

from aiokafka.errors import KafkaConnectionError


class BrokerError(Exception):
    """The Kafka broker could not be used."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class BrokerSettingsError(BrokerError):
    """The settings for the Kafka connection contradict each other."""


class BrokerUnreachable(BrokerError):
    """No Kafka broker answers at the configured address."""


class GroupTaken(BrokerError):
    """The embedded broker takes one consumer a group, and this group has one."""


class AppendFailed(BrokerError):
    """The broker gave no usable answer to an append; what it holds is unknown."""

    def again(self) -> "AppendFailed":
        """A copy for one more waiter: a shared exception would collect every waiter's traceback."""
        copy = type(self)(str(self))
        copy.__cause__ = self.__cause__
        return copy


class UnknownDestination(AppendFailed):
    """The cluster has no such topic or partition; nothing was sent."""


class BatchTooLarge(BrokerError):
    """The records do not fit into one batch; nothing was sent."""


class TopicError(BrokerError):
    """The topics on the broker are not what this system needs."""


class TopicMismatch(TopicError):
    """A topic exists with another number of partitions than it must have."""


class TopicMissing(TopicError):
    """A topic does not exist and may not or cannot be created here."""


class TopicTooWeak(TopicError):
    """A topic may lose what it has acknowledged."""


class TokenError(BrokerError, KafkaConnectionError):
    """No OAuth token for the Kafka connection could be had.

    A connection error to aiokafka, whose background tasks would die of any other.
    """
