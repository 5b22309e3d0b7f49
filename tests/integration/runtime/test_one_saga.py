"""One saga from its start to its end, on both brokers (DESIGN laws 2, 10 and 11)."""

from pathlib import Path

from contracts.topics import DEFAULT_TENANT, EVENTS
from infra.broker.settings import BrokerSettings
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    FACTS,
    TOPICS,
    events,
    eventually,
    participant,
    refuse,
    running,
    saga,
    step,
)

WORK = saga(step("first"), step("second"))


async def test_a_saga_runs_to_its_end(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Started by the front door, done by the participant, told on saga.events."""
    await make_topics(any_broker, TOPICS)
    async with running(any_broker, tmp_path, WORK) as orchestrator, participant(any_broker) as work:
        await orchestrator.door.start("work", "key-1", {"order": 7})
        row = await orchestrator.wait(DEFAULT_TENANT, "work", "key-1", 20)
        assert row is not None
        ended = await orchestrator.wait_saga(row.id, 20)
        assert ended is not None and ended.status == "completed"
        assert [command["step"] for command in work.commands] == ["first", "second"]
        await eventually(
            lambda: all(p.own.sent == p.own.expected - 1 for p in orchestrator.partitions)
        )
        (told,) = await events(any_broker, EVENTS)
        assert told["type"] == "SagaCompleted"
        assert told["requestkey"] == "key-1"
        assert [event["type"] for event in await events(any_broker, FACTS)] == ["WorkDone"]


async def test_a_refusal_is_undone(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """What was done is undone, and the saga tells why it failed."""
    await make_topics(any_broker, TOPICS)
    async with (
        running(any_broker, tmp_path, WORK) as orchestrator,
        participant(any_broker, refuse("second")) as work,
    ):
        await orchestrator.door.start("work", "key-1", {"order": 7})
        row = await orchestrator.wait(DEFAULT_TENANT, "work", "key-1", 20)
        assert row is not None
        ended = await orchestrator.wait_saga(row.id, 20)
        assert ended is not None
        assert (ended.status, ended.code) == ("failed", "no")
        told = [(command["step"], command["direction"]) for command in work.commands]
        assert told == [("first", "do"), ("second", "do"), ("first", "undo")]
