"""Outputs: sent until acknowledged, each topic for itself (law 3)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka.errors import (
    InvalidTopicError,
    KafkaConnectionError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
)

from infra.boundaries import OUTSIDE
from infra.broker.errors import AppendFailed, BatchTooLarge, TokenError, UnknownDestination
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.sizes import MAX_BATCH_BYTES
from tests.broker_tools import records
from tests.unit.broker.fakes import FakeCluster


@pytest.fixture
def cluster() -> FakeCluster:
    """A cluster in memory."""
    return FakeCluster()


@pytest.fixture
async def senders(cluster: FakeCluster) -> AsyncIterator[TopicSenders]:
    """Senders over it."""
    made = TopicSenders(BrokerSettings.local("127.0.0.1:1"), make=cluster.producer)
    yield made
    await made.close()


async def test_after_an_error_a_new_producer_sends_it_again_in_order(
    cluster: FakeCluster, senders: TopicSenders
) -> None:
    """The first producer is dead after OutOfOrderSequenceNumber; the caller notices nothing."""
    failures = [OutOfOrderSequenceNumber(), KafkaConnectionError()]

    def rule(*_: object) -> int | None:
        if failures:
            raise failures.pop()

    cluster.rule = rule
    pending = [senders.submit("a", 0, records(b"%d" % n), OUTSIDE) for n in range(5)]
    assert await asyncio.gather(*pending) == [0, 1, 2, 3, 4]
    assert cluster.logs["a", 0] == [b"0", b"1", b"2", b"3", b"4"]
    assert [producer.stopped for producer in cluster.producers] == [True, True, False]
    assert senders.sick() == {}


async def test_a_sick_topic_holds_up_only_itself(
    cluster: FakeCluster, senders: TopicSenders
) -> None:
    """It is named with its reason until it takes records again."""
    healed = False

    def rule(topic: str, *_: object) -> int | None:
        if topic == "sick" and not healed:
            raise KafkaConnectionError("not today")

    cluster.rule = rule
    sick = senders.submit("sick", 0, records(b"x"), OUTSIDE)
    for number in range(5):
        assert await senders.submit("well", 0, records(b"y"), OUTSIDE) == number
    async with asyncio.timeout(10):
        while "sick" not in senders.sick():  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.001)
    assert "not today" in senders.sick()["sick"]
    assert not sick.done()
    healed = True
    assert await sick == 0
    assert senders.sick() == {}


@pytest.mark.parametrize("error", [KafkaConnectionError(), OSError("no route"), TokenError()])
async def test_a_cluster_that_is_away_is_waited_for(
    cluster: FakeCluster, senders: TopicSenders, error: Exception
) -> None:
    """Even the first producer cannot start yet."""
    cluster.start_fails = [error, error]
    assert await senders.submit("a", 1, records(b"x"), OUTSIDE) == 0
    assert len(cluster.producers) == 3


async def test_what_sending_again_cannot_cure_is_told(
    cluster: FakeCluster, senders: TopicSenders
) -> None:
    """And the topic goes on with the next record."""

    def rule(topic: str, *_: object) -> int | None:
        if topic == "no/name":
            raise InvalidTopicError()

    cluster.rule = rule
    with pytest.raises(AppendFailed, match="InvalidTopic"):
        await senders.submit("no/name", 0, records(b"x"), OUTSIDE)
    with pytest.raises(UnknownDestination):
        await senders.submit("a", 9, records(b"x"), OUTSIDE)
    with pytest.raises(BatchTooLarge):
        await senders.submit("a", 0, records(bytes(MAX_BATCH_BYTES)), OUTSIDE)
    assert await senders.submit("a", 0, records(b"x"), OUTSIDE) == 0
    assert senders.sick() == {}


async def test_a_topic_that_takes_less_gets_smaller_batches(
    cluster: FakeCluster, senders: TopicSenders
) -> None:
    """Many small groups in one refused batch are not to blame; one large group is."""

    def rule(_: str, __: int, values: list[bytes | None]) -> int | None:
        if sum(len(value or b"") for value in values) > 200_000:
            raise MessageSizeTooLargeError()

    cluster.rule = rule
    pending = [senders.submit("a", 0, records(bytes(50_000)), OUTSIDE) for _ in range(10)]
    large = senders.submit("a", 0, records(bytes(300_000)), OUTSIDE)
    assert await asyncio.gather(*pending) == list(range(10))
    with pytest.raises(BatchTooLarge):
        await large


async def test_flush_waits_for_acknowledgements(
    cluster: FakeCluster, senders: TopicSenders
) -> None:
    """Nothing submitted: at once."""
    await senders.flush()
    cluster.gates["a"] = asyncio.Event()
    sent = senders.submit("a", 0, records(b"x"), OUTSIDE)
    flushing = asyncio.ensure_future(senders.flush())
    await asyncio.sleep(0.005)
    assert not flushing.done()
    cluster.gates["a"].set()
    await flushing
    assert sent.done()


async def test_closed_it_gives_up_what_is_not_acknowledged(
    cluster: FakeCluster, senders: TopicSenders
) -> None:
    """On its way, or waiting for a cluster that is away: both end, none hangs."""
    cluster.gates["a"] = asyncio.Event()
    cluster.start_fails = []
    on_its_way = senders.submit("a", 0, records(b"x"), OUTSIDE)
    await asyncio.sleep(0.005)
    cluster.start_fails = [OSError("away")] * 1000
    waiting = senders.submit("b", 0, records(b"x"), OUTSIDE)
    await asyncio.sleep(0.005)
    await senders.close()
    outcomes = await asyncio.gather(on_its_way, waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [AppendFailed, AppendFailed]
    assert all(producer.stopped for producer in cluster.producers)
