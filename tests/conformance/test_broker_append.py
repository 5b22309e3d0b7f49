"""Appends on both brokers: order, offsets, the jump that law 9 rests on, and what is refused."""

import asyncio

import pytest

from infra.boundaries import OUTSIDE
from infra.broker.errors import BatchTooLarge, UnknownDestination
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.sizes import MAX_BATCH_BYTES
from infra.broker.types import Record, TopicPartition
from tests.broker_tools import reading, records, sending, take
from tests.brokers import MakeTopics


async def test_what_is_read_is_what_was_written(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """Key, value, headers and time survive, and None is not the empty value."""
    await make_topics(any_broker, {"a": 1})
    topic = any_broker.topic("a")
    written = [
        Record(b"key", b"value", [("traceparent", b"00-1"), ("empty", b"")], 1_700_000_000_123),
        Record(None, b"", (), 1_700_000_000_124),
        Record(b"tombstone", None, (), 1_700_000_000_125),
    ]
    async with sending(any_broker) as sender:
        assert await sender.submit(topic, 0, written, OUTSIDE) == 0
    async with reading(any_broker, TopicPartition(topic, 0)) as consumer:
        read = await take(consumer, 3)
    assert [(r.key, r.value, list(r.headers), r.timestamp) for r in read] == [
        (r.key, r.value, list(r.headers), r.timestamp_ms) for r in written
    ]


async def test_groups_lie_in_the_order_of_submission(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """Many groups at once, of different sizes, on two partitions: no gap, no swap (law 2)."""
    await make_topics(any_broker, {"a": 2})
    topic = any_broker.topic("a")
    groups = [records(*(b"%d.%d" % (g, i) for i in range(1 + g % 3))) for g in range(200)]
    async with sending(any_broker) as sender:
        pending = [sender.submit(topic, g % 2, group, OUTSIDE) for g, group in enumerate(groups)]
        offsets = await asyncio.gather(*pending)
    for partition in (0, 1):
        expected, read_values = 0, [r.value for group in groups[partition::2] for r in group]
        for base, group in zip(offsets[partition::2], groups[partition::2], strict=True):
            assert base == expected
            expected += len(group)
        async with reading(any_broker, TopicPartition(topic, partition)) as consumer:
            read = await take(consumer, expected)
        assert [r.value for r in read] == read_values
        assert [r.offset for r in read] == list(range(expected))


async def test_two_writers_see_each_other_as_a_jump(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """The offset expected next is not the one got, exactly when somebody else wrote (law 9)."""
    await make_topics(any_broker, {"log": 1})
    topic = any_broker.topic("log")
    async with sending(any_broker) as first, sending(any_broker) as second:
        assert await first.append(topic, 0, [b"a", b"b"]) == 0
        assert await first.append(topic, 0, [b"c"]) == 2
        assert await second.append(topic, 0, [b"claim"]) == 3
        assert await first.append(topic, 0, [b"d"]) == 4
        assert await second.append(topic, 0, [b"e"]) == 5


async def test_a_group_larger_than_a_batch_is_refused_and_harms_nobody(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """It never reaches the producer, which would be dead after it (DESIGN, facts)."""
    await make_topics(any_broker, {"a": 1})
    topic = any_broker.topic("a")
    async with sending(any_broker) as sender:
        assert await sender.append(topic, 0, [b"before"]) == 0
        with pytest.raises(BatchTooLarge, match=r"a/0; a batch takes"):
            sender.submit(topic, 0, records(bytes(MAX_BATCH_BYTES)), OUTSIDE)
        assert await sender.append(topic, 0, [bytes(MAX_BATCH_BYTES - 200)]) == 1
        assert await sender.append(topic, 0, [b"after"]) == 2


async def test_more_than_a_batch_at_once_becomes_several(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """Three megabytes submitted in one breath arrive whole and in order."""
    await make_topics(any_broker, {"a": 1})
    topic = any_broker.topic("a")
    values = [bytes([n]) * 300_000 for n in range(10)]
    async with sending(any_broker) as sender:
        offsets = await asyncio.gather(*(sender.append(topic, 0, [v]) for v in values))
    assert offsets == list(range(10))
    async with reading(any_broker, TopicPartition(topic, 0)) as consumer:
        assert [r.value for r in await take(consumer, 10)] == values


async def test_a_partition_that_does_not_exist_is_named(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """A reply partition comes from a message, so it may be any number (law 10)."""
    await make_topics(any_broker, {"a": 2})
    topic = any_broker.topic("a")
    senders = TopicSenders(any_broker)
    try:
        with pytest.raises(UnknownDestination, match="has no partition 7"):
            await senders.submit(topic, 7, records(b"x"), OUTSIDE)
        assert await senders.submit(topic, 1, records(b"y"), OUTSIDE) == 0
    finally:
        await senders.close()


async def test_topic_senders_keep_order_and_count(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """Several topics at once, acknowledged one by one."""
    await make_topics(any_broker, {"a": 1, "b": 1})
    names = [any_broker.topic("a"), any_broker.topic("b")]
    senders = TopicSenders(any_broker)
    try:
        pending = [senders.submit(names[n % 2], 0, records(b"%d" % n), OUTSIDE) for n in range(100)]
        assert await asyncio.gather(*pending) == [n // 2 for n in range(100)]
        assert senders.sick() == {}
    finally:
        await senders.close()
    async with reading(any_broker, *(TopicPartition(name, 0) for name in names)) as consumer:
        read = await take(consumer, 100)
    assert [int(r.value or b"") for r in read if r.topic == names[1]] == list(range(1, 100, 2))
