"""The deadline of a saga on both brokers: undone in time, or late where there is no way back."""

from pathlib import Path

from msgspec.structs import replace

from contracts.topics import DEFAULT_TENANT
from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from orchestrator.definition.nodes import Node, version
from orchestrator.definition.words.builder import Saga
from orchestrator.runtime.orchestrator import Orchestrator
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    TOPICS,
    Behaviour,
    Order,
    eventually,
    participant,
    running,
    saga,
    step,
    succeed,
)


def timed(deadline_ms: int, *nodes: Node) -> Saga:
    """A saga of the stage that has so much time."""
    definition = replace(saga(*nodes).definition, deadline_ms=deadline_ms)
    return Saga(definition, Order, version(definition))


def silent_at(name: str, direction: str = "do") -> Behaviour:
    """It does what it is told, and does not answer about this step."""
    place = (name, direction)
    return lambda c: None if (c["step"], c["direction"]) == place else succeed(c)


async def test_what_is_not_done_in_time_is_undone(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """The second step would be asked for minutes; the saga has five seconds."""
    await make_topics(any_broker, TOPICS)
    work = timed(5_000, step("first"), step("second", timeout_ms=7_500, attempts=50))
    clock = ManualClock(1_700_000_000_000)
    async with (
        running(any_broker, tmp_path, work, clock=clock) as orchestrator,
        participant(any_broker, silent_at("second")) as doing,
    ):
        await orchestrator.door.start("work", "key-1", {"order": 7})
        row = await orchestrator.wait(DEFAULT_TENANT, "work", "key-1", 20)
        assert row is not None
        await eventually(lambda: "second" in [command["step"] for command in doing.commands])
        clock.advance(5_000)  # forward work stops, and what is in flight settles
        await eventually(lambda: _code(orchestrator, row.id))
        clock.advance(2_500)
        ended = await orchestrator.wait_saga(row.id, 20)
        assert ended is not None
        assert (ended.status, ended.code) == ("failed", "deadline_exceeded")
        undone = [c["step"] for c in doing.commands if c["direction"] == "undo"]
        assert undone == ["second", "first"]
        assert next(c["attempt"] for c in doing.commands if c["step"] == "second") == 1
        # A reply that comes after all of it changes nothing.
        doing.behave = succeed
        await doing.answer(next(c for c in doing.commands if c["step"] == "second"))
        before = ended.number
        await eventually(lambda: _number(orchestrator, row.id) > before)
        after = orchestrator.reader.saga(row.id)
        assert after is not None and after.status == "failed"


def _code(orchestrator: Orchestrator, number: int) -> str:
    row = orchestrator.reader.saga(number)
    return row.code if row else ""


def _number(orchestrator: Orchestrator, number: int) -> int:
    row = orchestrator.reader.saga(number)
    return row.number if row else 0


async def test_where_there_is_no_way_back_it_is_late_and_goes_on(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    await make_topics(any_broker, TOPICS)
    nodes = (step("first"), step("point", kind="pivot"), step("third", kind="retriable"))
    clock = ManualClock(1_700_000_000_000)
    async with (
        running(any_broker, tmp_path, timed(5_000, *nodes), clock=clock) as orchestrator,
        participant(any_broker, silent_at("point")) as doing,
    ):
        await orchestrator.door.start("work", "key-1", {"order": 7})
        row = await orchestrator.wait(DEFAULT_TENANT, "work", "key-1", 20)
        assert row is not None
        await eventually(lambda: "point" in [command["step"] for command in doing.commands])
        clock.advance(5_000)
        await eventually(lambda: orchestrator.metrics.late.values == {("work",): 1})
        doing.behave = succeed
        await doing.answer(next(c for c in doing.commands if c["step"] == "point"))
        ended = await orchestrator.wait_saga(row.id, 20)
        assert ended is not None and ended.status == "completed"
        state = orchestrator.reader.state(row.id)
        assert state is not None and state.late


async def test_a_reply_that_waits_comes_before_the_deadline(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Law 5: down while the deadline passed; what was answered meanwhile counts first."""
    await make_topics(any_broker, TOPICS)
    work = timed(1_500, step("first"))
    clock = ManualClock(1_700_000_000_000)
    async with participant(any_broker, silent_at("first")) as doing:
        async with running(any_broker, tmp_path, work, clock=clock) as orchestrator:
            await orchestrator.door.start("work", "key-1", {"order": 7})
            row = await orchestrator.wait(DEFAULT_TENANT, "work", "key-1", 20)
            assert row is not None
            await eventually(lambda: doing.commands)
        doing.behave = succeed
        await doing.answer(doing.commands[0])
        clock.advance(3_600_000)
        async with running(any_broker, tmp_path, work, clock=clock) as orchestrator:
            ended = await orchestrator.wait_saga(row.id, 20)
            assert ended is not None and ended.status == "completed"
