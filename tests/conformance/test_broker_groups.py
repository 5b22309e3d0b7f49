"""Consumer groups on both brokers: what is committed is where reading goes on (law 2)."""

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import OffsetOutOfRangeError

from infra.boundaries import OUTSIDE
from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.types import Consumer, RebalanceListener, TopicPartition
from tests.broker_tools import consuming, reading, records, sending, take, until
from tests.brokers import MakeTopics

# the embedded broker lets the next member in a second before this is over
SHORT_SESSION_MS = 1_500


def member(
    settings: BrokerSettings,
    *topics: str,
    instance: str | None = None,
    listener: RebalanceListener | None = None,
) -> Consumer:
    """A member of the test's one group."""
    return make_consumer(
        settings,
        map(settings.topic, topics),
        group_id=settings.topic("group"),
        group_instance_id=instance,
        listener=listener,
        session_timeout_ms=SHORT_SESSION_MS,
    )


async def test_reading_goes_on_at_the_committed_offset(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """What was read and not committed comes again; nothing is committed by itself."""
    await make_topics(any_broker, {"a": 1})
    partition = TopicPartition(any_broker.topic("a"), 0)
    async with sending(any_broker) as sender:
        await sender.append(partition.topic, 0, [b"%d" % n for n in range(10)])
    async with consuming(member(any_broker, "a")) as consumer:
        assert len(await take(consumer, 10)) == 10
        assert await consumer.committed(partition) is None
        await consumer.commit({partition: 4})
        assert await consumer.committed(partition) == 4
    async with consuming(member(any_broker, "a")) as consumer:
        assert [r.offset for r in await take(consumer, 6)] == [4, 5, 6, 7, 8, 9]


async def test_a_thrown_away_decision_reads_its_input_again(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """Seeking back within the group (law 2), and waiting on a paused partition."""
    await make_topics(any_broker, {"a": 1})
    partition = TopicPartition(any_broker.topic("a"), 0)
    async with sending(any_broker) as sender, consuming(member(any_broker, "a")) as consumer:
        await sender.append(partition.topic, 0, [b"0", b"1", b"2"])
        assert len(await take(consumer, 3)) == 3
        consumer.seek(partition, 1)
        assert [r.offset for r in await take(consumer, 2)] == [1, 2]
        consumer.pause(partition)
        await sender.append(partition.topic, 0, [b"3"])
        assert await consumer.getmany(timeout_ms=50) == {}
        consumer.resume(partition)
        assert [r.offset for r in await take(consumer, 1)] == [3]


async def test_one_consumer_on_several_topics_gets_all_partitions(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """One orchestrator alone owns every partition of requests and replies."""
    await make_topics(any_broker, {"a": 2, "b": 2})
    async with consuming(member(any_broker, "a", "b")) as consumer:
        assert {(tp.topic, tp.partition) for tp in consumer.assignment()} == {
            (any_broker.topic(name), number) for name in "ab" for number in (0, 1)
        }


async def test_a_hand_assigned_consumer_commits_in_a_group_of_its_own(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """Followers of the log are assigned by hand; the active group is not theirs to commit in."""
    await make_topics(any_broker, {"a": 1})
    partition = TopicPartition(any_broker.topic("a"), 0)
    own = make_consumer(any_broker, group_id=any_broker.topic("follower"))
    async with consuming(member(any_broker, "a")) as active, consuming(own) as consumer:
        consumer.assign([partition])
        await consumer.commit({partition: 3})
        assert await consumer.committed(partition) == 3
        assert await active.committed(partition) is None


async def test_ends_and_beginnings(any_broker: BrokerSettings, make_topics: MakeTopics) -> None:
    """Where a partition ends: law 5 reads up to it, readiness compares with it."""
    await make_topics(any_broker, {"a": 2})
    full, empty = (TopicPartition(any_broker.topic("a"), number) for number in (0, 1))
    async with sending(any_broker) as sender, reading(any_broker, full, empty) as consumer:
        await sender.submit(full.topic, 0, records(b"1", b"2", b"3"), OUTSIDE)
        assert await consumer.end_offsets([full, empty]) == {full: 3, empty: 0}
        assert await consumer.beginning_offsets([full, empty]) == {full: 0, empty: 0}
        await take(consumer, 3)
        assert await consumer.position(full) == 3


async def test_two_members_are_co_partitioned(
    kafka_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """The owner of p reads p of every topic (law 10); three partitions, since with an even number
    even round robin would look right. Kafka only: the embedded broker has one member a group."""
    await make_topics(kafka_broker, {"a": 3, "b": 3})
    members = [member(kafka_broker, "a", "b") for _ in range(2)]
    async with consuming(members[0]), consuming(members[1]):
        await until_shared(*members, partitions=6)
        for consumer in members:
            owned = {(tp.topic, tp.partition) for tp in consumer.assignment()}
            numbers = {number for _, number in owned}
            topics = [kafka_broker.topic(name) for name in "ab"]
            assert owned == {(topic, number) for topic in topics for number in numbers}


async def test_a_static_member_comes_back_to_its_partitions(
    kafka_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """A restart within the session moves nothing: the other member is never even asked to give its
    partition back. Kafka only."""
    await make_topics(kafka_broker, {"a": 2})
    listener = Revocations()
    async with consuming(member(kafka_broker, "a", instance="one", listener=listener)) as other:
        first = member(kafka_broker, "a", instance="two")
        async with consuming(first):
            await until_shared(other, first, partitions=2)
            mine, before = first.assignment(), listener.count
        async with consuming(member(kafka_broker, "a", instance="two")) as again:
            assert again.assignment() == mine
            assert listener.count == before
            assert len(other.assignment()) == 1


class Revocations(RebalanceListener):
    """Counts how often partitions had to be given back."""

    def __init__(self) -> None:
        self.count = 0

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Before each rebalance."""
        self.count += 1

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Of no interest."""


async def until_shared(*members: Consumer, partitions: int) -> None:
    """Poll the members until each has something and together they have all."""

    async def shared() -> bool:
        for consumer in members:
            await consumer.getmany(timeout_ms=10)
        counts = [len(consumer.assignment()) for consumer in members]
        return all(counts) and sum(counts) == partitions

    await until(shared)


async def test_an_aborted_transaction_is_not_an_input(
    kafka_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """Anybody may publish a start, and may do it in a transaction of their own. Kafka only."""
    await make_topics(kafka_broker, {"a": 1})
    topic = kafka_broker.topic("a")
    stranger = AIOKafkaProducer(
        bootstrap_servers=kafka_broker.address, transactional_id=kafka_broker.topic("stranger")
    )
    async with stranger:
        await stranger.begin_transaction()
        await stranger.send_and_wait(topic, b"aborted", partition=0)
        await stranger.abort_transaction()
        async with stranger.transaction():
            await stranger.send_and_wait(topic, b"committed", partition=0)
    async with consuming(member(kafka_broker, "a")) as consumer:
        assert [r.value for r in await take(consumer, 1)] == [b"committed"]


async def test_the_log_reader_stumbles_over_a_gap(
    kafka_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """An offset that is not there is an error, never a silent jump (law 14)."""
    await make_topics(kafka_broker, {"log": 1})
    partition = TopicPartition(kafka_broker.topic("log"), 0)
    strict = make_consumer(
        kafka_broker, auto_offset_reset="none", isolation_level="read_uncommitted"
    )
    async with sending(kafka_broker) as sender, consuming(strict) as consumer:
        await sender.append(partition.topic, 0, [b"0"])
        consumer.assign([partition])
        consumer.seek(partition, 5)
        with pytest.raises(OffsetOutOfRangeError):
            await take(consumer, 1)
