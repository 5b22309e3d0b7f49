"""What waits on the broker to be read: bounded, in no group, and nothing is committed.

Where a group has read up to is asked of its coordinator, as anybody may. What lies before that has
been decided, or is an effect that a participant has stored.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from contracts.topics import REPLIES, REQUESTS
from infra.broker.clients import make_admin, make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import ConsumedRecord, Consumer, TopicPartition

LIMIT: Final = 10_000
"""Records of one topic that are read at most, divided among its partitions."""
POLL_MS: Final = 1_000
IDLE_POLLS: Final = 5
"""Polls that bring nothing until what is left is given up: it may be markers, or just deleted."""
_COMMANDS: Final = ".commands"


class Topic(msgspec.Struct, frozen=True):
    """What waits on one topic: in all, and how much of it was read."""

    name: str
    waiting: int
    read: int


class Unread(NamedTuple):
    """The records by topic (without its prefix), each partition in order; how many there are."""

    records: dict[str, list[ConsumedRecord]]
    topics: list[Topic]


async def unread(
    broker: BrokerSettings, group: str, commands: Iterable[str], limit: int = LIMIT
) -> Unread:
    """The requests and replies that ``group`` has not read, and the commands (topics without
    prefix) that their services have not. Raises BrokerUnreachable, KafkaError.
    """
    counts = await list_topics(broker)
    groups = {REQUESTS: group, REPLIES: f"{group}.replies"}
    groups |= {topic: topic.removesuffix(_COMMANDS) for topic in sorted(commands)}
    consumer, admin = make_consumer(broker, client_id="saga-deploy"), make_admin(broker)
    found = Unread({}, [])
    try:
        await consumer.start()
        await admin.start()
        for topic, reader in groups.items():
            name = broker.topic(topic)
            tps = [TopicPartition(name, p) for p in range(counts.get(name, 0))]
            if tps:
                told = await admin.list_consumer_group_offsets(broker.topic(reader), partitions=tps)
                places = {tp: told[tp].offset for tp in tps}  # -1: nothing yet
                await _read(consumer, topic, places, limit, found)
    finally:
        await admin.close()
        await consumer.stop()
    return found


async def _read(
    consumer: Consumer,
    topic: str,
    places: Mapping[TopicPartition, int],
    limit: int,
    found: Unread,
) -> None:
    """What waits on one topic, into what was found."""
    consumer.assign(list(places))
    starts, ends = await _bounds(consumer, places)
    share = max(1, limit // len(places))
    stops = {tp: min(ends[tp], at + share) for tp, at in starts.items() if at < ends[tp]}
    for tp, at in starts.items():
        consumer.seek(tp, at)
        if tp not in stops:
            consumer.pause(tp)
    found.records[topic] = records = await _up_to(consumer, stops)
    waiting = sum(ends[tp] - at for tp, at in starts.items())
    found.topics.append(Topic(topic, waiting, len(records)))


async def _up_to(consumer: Consumer, stops: dict[TopicPartition, int]) -> list[ConsumedRecord]:
    """The records from where the consumer stands up to these offsets."""
    records: list[ConsumedRecord] = []
    idle = 0
    while stops and idle < IDLE_POLLS:
        batches = await consumer.getmany(timeout_ms=POLL_MS)
        idle = 0 if batches else idle + 1
        for tp, some in batches.items():
            stop = stops.get(tp, 0)
            records += [record for record in some if record.offset < stop]
            if some[-1].offset + 1 >= stop:
                stops.pop(tp, None)
                consumer.pause(tp)
    return records


async def _bounds(
    consumer: Consumer, places: Mapping[TopicPartition, int]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Where what is unread begins and ends; a place that is not there (any more): the first."""
    firsts = await consumer.beginning_offsets(places)
    ends = await consumer.end_offsets(places)
    starts = {
        tp: place if firsts[tp] <= place <= ends[tp] else firsts[tp] for tp, place in places.items()
    }
    return starts, ends
