"""A saga that is told to stop, on both brokers: until its pivot has been commanded."""

from pathlib import Path

from contracts.topics import DEFAULT_TENANT, EVENTS
from infra.broker.settings import BrokerSettings
from orchestrator.runtime.orchestrator import Orchestrator
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    TOPICS,
    Participant,
    events,
    eventually,
    participant,
    running,
    saga,
    silent,
    step,
    succeed,
)

WORK = saga(
    step("first"), step("second"), step("point", kind="pivot"), step("third", kind="retriable")
)


async def started(orchestrator: Orchestrator, work: Participant, until: str) -> int:
    """A saga whose step of that name has been commanded."""
    await orchestrator.door.start("work", "key-1", {"order": 7})
    row = await orchestrator.wait(DEFAULT_TENANT, "work", "key-1", 20)
    assert row is not None
    await eventually(lambda: until in [command["step"] for command in work.commands])
    return row.id


async def cancelled(orchestrator: Orchestrator, number: int, signal: str = "c-1") -> str | None:
    """Why it was refused; empty where it was applied."""
    await orchestrator.door.signal(number, "cancel", "ordered twice", "ann", request=signal)
    return await orchestrator.wait_signal(number, signal, 20)


async def test_what_is_in_flight_settles_and_all_is_undone(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """A reply that was slow comes after the cancel, and is undone as well."""
    await make_topics(any_broker, TOPICS)
    async with (
        running(any_broker, tmp_path, WORK) as orchestrator,
        participant(any_broker, silent("second")) as work,
    ):
        number = await started(orchestrator, work, "second")
        assert await cancelled(orchestrator, number) == ""
        work.behave = succeed
        waiting = next(c for c in work.commands if c["step"] == "second")
        await work.answer(waiting)
        ended = await orchestrator.wait_saga(number, 20)
        assert ended is not None
        assert (ended.status, ended.code) == ("failed", "cancelled")
        assert ended.reason == "cancelled by ann: ordered twice"
        told = [(command["step"], command["direction"]) for command in work.commands]
        undone = [("second", "undo"), ("first", "undo")]
        assert told == [("first", "do"), ("second", "do"), *undone]
        await eventually(
            lambda: all(p.own.sent == p.own.expected - 1 for p in orchestrator.partitions)
        )
        signalled, event = await events(any_broker, EVENTS)
        assert (signalled["type"], signalled["data"]["outcome"]) == ("SagaSignalled", "applied")
        assert (event["type"], event["data"]["code"]) == ("SagaFailed", "cancelled")
        assert orchestrator.metrics.signals.values == {("work", "cancel", "applied"): 1}
        # The same signal once more is the same; another one comes too late, and is told why.
        assert await cancelled(orchestrator, number) == ""
        assert await cancelled(orchestrator, number, "c-2") == "the saga has ended: failed"


async def test_too_late_once_the_pivot_has_been_commanded(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """The refusal is a decision: it survives the process, and the saga goes on to its end."""
    await make_topics(any_broker, TOPICS)
    async with participant(any_broker, silent("point")) as work:
        async with running(any_broker, tmp_path, WORK) as orchestrator:
            number = await started(orchestrator, work, "point")
            why = "there is no way back any more: point has been commanded"
            assert await cancelled(orchestrator, number) == why
        async with running(any_broker, tmp_path, WORK) as orchestrator:
            state = orchestrator.reader.state(number)
            assert state is not None
            assert state.signals == {"c-1": why}
            work.behave = succeed
            await work.answer(next(c for c in work.commands if c["step"] == "point"))
            ended = await orchestrator.wait_saga(number, 20)
            assert ended is not None and ended.status == "completed"
