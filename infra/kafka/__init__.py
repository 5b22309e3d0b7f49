"""A real Apache Kafka of one node, without Docker."""

from infra.kafka.artifacts import KAFKA_VERSION, default_cache, fetch, is_fetched
from infra.kafka.config import Secured
from infra.kafka.errors import FetchFailed, LocalKafkaError, ProgramMissing, StartFailed
from infra.kafka.node import LocalKafka
from infra.kafka.state import KafkaState

__all__ = [
    "KAFKA_VERSION",
    "FetchFailed",
    "KafkaState",
    "LocalKafka",
    "LocalKafkaError",
    "ProgramMissing",
    "Secured",
    "StartFailed",
    "default_cache",
    "fetch",
    "is_fetched",
]
