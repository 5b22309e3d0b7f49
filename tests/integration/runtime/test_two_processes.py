"""Two orchestrators share the partitions of a real Kafka; one goes, the other takes over (law
9).
"""

# pylint: disable=use-implicit-booleaness-not-comparison

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.topics import LOG
from infra.broker.batches import BatchSender
from infra.broker.clients import close_producer, make_producer
from infra.broker.settings import BrokerSettings
from orchestrator.definition.catalogue import Catalogue
from orchestrator.engine.facts import Ignored, Transition
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.records import (
    Claim,
    LogRecord,
    TransitionRecord,
    encode_record,
    seal,
)
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    FACTS,
    PARTITIONS,
    TOPICS,
    events,
    eventually,
    participant,
    running,
    saga,
    settings,
    step,
)

WORK = saga(step("first"), step("second"))


def owned(*orchestrators: Orchestrator) -> list[int]:
    """The partitions that these own and read."""
    return sorted(p.number for o in orchestrators for p in o.partitions if p.own.owns and p.ready)


async def start_many(orchestrator: Orchestrator, first: int, count: int) -> None:
    """Publish so many starts."""
    await asyncio.gather(
        *(
            orchestrator.door.start("work", f"key-{n}", {"order": n})
            for n in range(first, first + count)
        )
    )


def all_completed(orchestrator: Orchestrator, count: int) -> Callable[[], bool]:
    """Whether so many sagas have completed, and none did anything else."""
    return lambda: orchestrator.reader.counts() == {"completed": count}


@pytest.mark.kafka
@pytest.mark.parametrize("clean", [True, False])
async def test_one_goes_and_the_other_takes_over(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path, clean: bool
) -> None:
    """Work goes on through a rebalance, a stop and a crash; both files tell the same story."""
    await make_topics(kafka_broker, TOPICS)
    everything = list(range(PARTITIONS))
    one = Orchestrator(settings(tmp_path / "one"), kafka_broker, Catalogue([WORK]))
    two = Orchestrator(settings(tmp_path / "two"), kafka_broker, Catalogue([WORK]))
    async with participant(kafka_broker) as work:
        await one.start()
        try:
            await eventually(lambda: owned(one) == everything)
            await start_many(one, 0, 50)
            await two.start()
            await eventually(lambda: len(owned(one)) == 1 and len(owned(two)) == 1)
            assert owned(one, two) == everything
            await start_many(one, 50, 50)
            await eventually(all_completed(one, 100))
            await eventually(all_completed(two, 100))
            await start_many(two, 100, 50)
            await (one.stop() if clean else one.kill())
            await eventually(lambda: owned(two) == everything, 40)
            await eventually(all_completed(two, 150))
        finally:
            await one.stop()
            await two.stop()
        assert len({(c["saga"], c["step"]) for c in work.commands}) == 300
    told = await events(kafka_broker, FACTS)
    assert len({event["id"] for event in told}) == 150
    again = Orchestrator(settings(tmp_path / "three"), kafka_broker, Catalogue([WORK]))
    await again.start()
    try:
        await eventually(all_completed(again, 150))
    finally:
        await again.stop()
    assert differences(tmp_path / "two" / "saga.db", tmp_path / "three" / "saga.db") == []


async def append(broker: BrokerSettings, partition: int, record: LogRecord) -> None:
    """Write into the log behind the owner's back."""
    producer = make_producer(broker)
    await producer.start()
    try:
        sender = BatchSender(producer)
        await sender.append(broker.topic(LOG), partition, [encode_record(record)])
    finally:
        await close_producer(producer)


async def test_a_replaced_owner_claims_again(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Somebody claims behind the owner's back: what it decides next does not count, is not acted
    on, and is decided again under a new claim."""
    await make_topics(any_broker, TOPICS)
    async with running(any_broker, tmp_path, WORK) as one, participant(any_broker) as work:
        before = [p.own.epoch for p in one.partitions]
        for p in one.partitions:
            await append(any_broker, p.number, Claim(p.own.log, f"other-{p.number}", 1, "other"))
        await start_many(one, 0, 20)
        await eventually(all_completed(one, 20))
        assert all(p.own.epoch != old for p, old in zip(one.partitions, before, strict=True))
        assert len(work.commands) == 40
    async with running(any_broker, tmp_path / "two", WORK) as two:
        await eventually(all_completed(two, 20))


async def test_a_straggler_is_skipped(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """A record of an older epoch between two appends ends nobody's ownership, and changes
    nothing.
    """
    await make_topics(any_broker, TOPICS)
    async with running(any_broker, tmp_path, WORK) as one, participant(any_broker) as work:
        before = [p.own.epoch for p in one.partitions]
        late = seal(Transition(1024, 1, 1, "late", (Ignored("nobody reads this"),)))
        for p in one.partitions:
            await append(any_broker, p.number, TransitionRecord("older", 0, -1, late))
        await start_many(one, 0, 20)
        await eventually(all_completed(one, 20))
        assert [p.own.epoch for p in one.partitions] == before
        assert len(work.commands) == 40
    async with running(any_broker, tmp_path / "two", WORK) as two:
        await eventually(all_completed(two, 20))
        assert differences(tmp_path / "saga.db", tmp_path / "two" / "saga.db") == []


async def test_two_claims_for_two_logs(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Two assignees find an empty topic: the second claim names a log that never was."""
    await make_topics(any_broker, TOPICS)
    for partition in range(PARTITIONS):
        await append(any_broker, partition, Claim("log-a", "epoch-a", 1, "a"))
        await append(any_broker, partition, Claim("log-b", "epoch-b", 1, "b"))
    async with running(any_broker, tmp_path, WORK) as one, participant(any_broker):
        await start_many(one, 0, 4)
        await eventually(all_completed(one, 4))
        assert {p.own.log for p in one.partitions} == {"log-a"}
    async with running(any_broker, tmp_path / "two", WORK) as two:
        await eventually(all_completed(two, 4))
