"""The one place where offsets of a group are committed."""

from collections.abc import Mapping

from infra.boundaries import Boundary
from infra.broker.types import Consumer, TopicPartition


async def commit_offsets(
    consumer: Consumer, offsets: Mapping[TopicPartition, int], boundary: Boundary
) -> None:
    """Commit the next offsets to read, per partition (DESIGN, facts: `msg.ack()` would commit all
    that was fetched). Raises KafkaError, IllegalStateError."""
    with boundary:
        await consumer.commit(offsets)
