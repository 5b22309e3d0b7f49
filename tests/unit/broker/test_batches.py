"""The batch sender against a cluster that fails on purpose."""

import asyncio

import pytest
from aiokafka.errors import MessageSizeTooLargeError, UnknownTopicOrPartitionError
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from infra.boundaries import OUTSIDE
from infra.broker.batches import BATCH_OVERHEAD, BatchSender, records_size
from infra.broker.errors import AppendFailed, BatchTooLarge, UnknownDestination
from infra.broker.types import Record
from tests.broker_tools import records
from tests.unit.broker.fakes import FakeCluster


@pytest.fixture
def cluster() -> FakeCluster:
    """A cluster in memory."""
    return FakeCluster()


@pytest.fixture
def sender(cluster: FakeCluster) -> BatchSender:
    """Batches of 300 bytes at most."""
    return BatchSender(cluster.producer(), max_batch_bytes=300)


async def test_what_is_submitted_while_a_batch_is_under_way_shares_the_next(
    cluster: FakeCluster, sender: BatchSender
) -> None:
    """One batch a partition at a time; groups merge, keep their order and their offsets."""
    cluster.gates["a"] = asyncio.Event()
    first = sender.submit("a", 0, records(b"0"), OUTSIDE)
    await asyncio.sleep(0.001)
    later = [
        sender.submit("a", 0, records(b"1", b"2"), OUTSIDE),
        sender.submit("a", 0, records(b"3"), OUTSIDE),
    ]
    assert sender.pending() == 2
    cluster.gates["a"].set()
    assert await asyncio.gather(first, *later) == [0, 1, 3]
    assert cluster.batches == [("a", 0, 1), ("a", 0, 3)]


@pytest.mark.parametrize("rests", [True, False])
async def test_a_lane_rests_for_as_long_as_its_last_batch_took(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, rests: bool
) -> None:
    """Nothing rests without a batch before, nor on a lane that was never busy."""
    sender = BatchSender(cluster.producer(), rests=rests)
    rested: list[float] = []
    sleep = asyncio.sleep

    async def resting(seconds: float) -> None:
        if seconds > 0:  # the fake cluster only lets others go on
            rested.append(seconds)
        await sleep(0)

    cluster.gates["a"] = asyncio.Event()
    first = sender.submit("a", 0, records(b"0"), OUTSIDE)
    await sleep(0.005)
    monkeypatch.setattr("infra.broker.batches.asyncio.sleep", resting)
    second = sender.submit("a", 0, records(b"1"), OUTSIDE)
    cluster.gates["a"].set()
    assert await asyncio.gather(first, second) == [0, 1]
    assert await sender.submit("a", 1, records(b"2"), OUTSIDE) == 0
    assert len(rested) == rests


async def test_a_group_is_never_split(cluster: FakeCluster, sender: BatchSender) -> None:
    """Three groups of two thirds of a batch are three batches."""
    groups = [records(bytes(80), bytes(80)) for _ in range(3)]
    assert records_size(groups[0]) * 2 > 300 - BATCH_OVERHEAD
    assert await asyncio.gather(*(sender.submit("a", 0, g, OUTSIDE) for g in groups)) == [0, 2, 4]
    assert cluster.batches == [("a", 0, 2)] * 3


@pytest.mark.parametrize("answer", [-1, MessageSizeTooLargeError()])
async def test_a_failed_lane_is_dead_and_the_others_live(
    cluster: FakeCluster, sender: BatchSender, answer: int | Exception
) -> None:
    """An offset of -1 is no answer; after an error the idempotent producer can write no more
    there. The waiting and the later groups fail with the reason; other partitions go on."""

    def rule(_: str, partition: int, __: object) -> int | None:
        if partition == 0:
            if isinstance(answer, Exception):
                raise answer
            return answer
        return None

    cluster.rule = rule
    cluster.gates["a"] = asyncio.Event()
    failing = [sender.submit("a", 0, records(b"x"), OUTSIDE)]
    await asyncio.sleep(0.001)
    failing.append(sender.submit("a", 0, records(b"waits"), OUTSIDE))
    fine = sender.submit("a", 1, records(b"y"), OUTSIDE)
    cluster.gates["a"].set()
    outcomes = await asyncio.gather(*failing, return_exceptions=True)
    failing.append(sender.submit("a", 0, records(b"later"), OUTSIDE))
    outcomes += await asyncio.gather(failing[-1], return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [AppendFailed] * 3
    assert len({str(outcome) for outcome in outcomes}) == 1
    assert str(outcomes[0]).startswith("a/0: ")
    assert sender.failure("a", 0) is not None and sender.failure("a", 1) is None
    assert await fine == 0
    assert await sender.append("a", 1, [b"z"]) == 1
    assert not any(lane[1] == 0 for lane in cluster.batches[1:])


async def test_an_unknown_topic_is_told_apart(cluster: FakeCluster, sender: BatchSender) -> None:
    """Nothing was written, and no new producer will change that."""

    def rule(*_: object) -> int | None:
        raise UnknownTopicOrPartitionError()

    cluster.rule = rule
    with pytest.raises(UnknownDestination):
        await sender.append("a", 0, [b"x"])
    with pytest.raises(UnknownDestination, match="no partition 2"):
        await sender.append("b", 2, [b"x"])


async def test_too_large_and_empty_are_refused_before_anything_is_queued(
    cluster: FakeCluster, sender: BatchSender
) -> None:
    """The lane is as alive as before."""
    with pytest.raises(BatchTooLarge):
        sender.submit("a", 0, records(bytes(300)), OUTSIDE)
    with pytest.raises(ValueError, match="empty group"):
        sender.submit("a", 0, [], OUTSIDE)
    assert await sender.append("a", 0, [b"x"]) == 0
    assert len(cluster.batches) == 1


async def test_a_cancelled_waiter_changes_nothing(
    cluster: FakeCluster, sender: BatchSender
) -> None:
    """What was submitted is sent; the next group's offset counts it."""
    given_up = sender.submit("a", 0, records(b"0"), OUTSIDE)
    given_up.cancel()
    assert await sender.append("a", 0, [b"1"]) == 1
    assert cluster.logs["a", 0] == [b"0", b"1"]


async def test_flush_waits_for_all(cluster: FakeCluster, sender: BatchSender) -> None:
    """Afterwards every future is done."""
    pending = [sender.submit("a", n % 2, records(b"x"), OUTSIDE) for n in range(20)]
    await sender.flush()
    assert all(future.done() for future in pending)
    assert sender.pending() == 0 and len(cluster.logs["a", 1]) == 10


async def test_closed_it_fails_what_waits_and_what_comes(
    cluster: FakeCluster, sender: BatchSender
) -> None:
    """Even a group whose sending has not begun, and a partition never used."""
    cluster.gates["a"] = asyncio.Event()
    pending = [sender.submit("a", 0, records(b"x"), OUTSIDE) for _ in range(3)]
    await asyncio.sleep(0.001)
    pending.append(sender.submit("b", 0, records(b"not begun"), OUTSIDE))
    await sender.close()
    pending += [
        sender.submit("a", 0, records(b"late"), OUTSIDE),
        sender.submit("c", 0, records(b"late"), OUTSIDE),
    ]
    outcomes = await asyncio.gather(*pending, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [AppendFailed] * 6


async def test_a_bug_in_a_record_reaches_who_waits(sender: BatchSender) -> None:
    """And not only the log of the event loop."""
    broken = Record(None, b"x", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        sender.submit("a", 0, [broken], OUTSIDE)


def built_size(written: list[Record]) -> int:
    """What aiokafka's builder makes of them, with timestamps as far apart as years."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000_000)
    for number, record in enumerate(written):
        headers: list[tuple[str, bytes | None]] = list(record.headers)
        timestamp = 1_700_000_000_000 + (number % 2) * 100_000_000_000
        builder.append(number, timestamp, record.key, record.value, headers)
    return int(builder.size())


@pytest.mark.parametrize("size", [0, 1, 63, 64, 8191, 8192, 1_100_000])
@pytest.mark.parametrize("headers", [[], [("\N{GRINNING FACE}" * 40, b"")], [("a", b"h" * 9000)]])
def test_sizes_are_upper_bounds(size: int, headers: list[tuple[str, bytes]]) -> None:
    """Around each varint's edge, for names that are all multi-byte, and never far above."""
    written = [Record(b"k" * min(size, 100), b"v" * size, headers) for _ in range(3)]
    bound = records_size(written) + BATCH_OVERHEAD
    assert built_size(written) <= bound <= built_size(written) + 50 * len(written)


def test_many_empty_records_are_not_underestimated() -> None:
    """The overhead of a record is all there is; offsets grow to three bytes."""
    written = [Record(None, b"") for _ in range(20_000)]
    assert built_size(written) <= records_size(written) + BATCH_OVERHEAD
