"""Participants that are late: nothing happens after its undo, and the history says what came."""

import json
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from orchestrator.admin.why import why
from orchestrator.engine.facts import Compensating, Failed, Stuck
from orchestrator.runtime.orchestrator import Orchestrator
from tests.brokers import MakeTopics
from tests.integration.participants.odd import (
    INPUT,
    NOW,
    ON_THE_WAY,
    OPENING,
    PAYMENT,
    PLACES,
    TIMEOUT_MS,
    Money,
    answer,
    begin,
    ended,
    facts,
    ignored,
    money,
    paid_by,
    paying,
    peer_of,
    until,
)
from tests.integration.runtime.stage import (
    Behaviour,
    eventually,
    participant,
    running,
    saga,
    step,
    succeed,
)

WORK = saga(step("first", attempts=2))


def deaf_to(*directions: str) -> Behaviour:
    """A participant that does not answer commands in these directions."""
    return lambda command: None if command["direction"] in directions else succeed(command)


async def given_up(orchestrator: Orchestrator, number: int, clock: ManualClock) -> None:
    """Let time pass until the saga turns."""
    await until(clock, lambda: facts(orchestrator, number, Compensating))


async def test_it_answers_while_its_step_is_undone_and_after_the_end(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """The undo stands: a success that comes after it is in the history, and changes nothing."""
    await make_topics(kafka_broker, PLACES)
    clock = ManualClock(NOW)
    async with (
        peer_of(kafka_broker) as peer,
        running(kafka_broker, tmp_path, WORK, clock=clock) as orchestrator,
        participant(kafka_broker, deaf_to("do", "undo")) as work,
    ):
        number = await begin(orchestrator, "work", {"order": 7})
        await given_up(orchestrator, number, clock)
        do = work.commands[0]
        await answer(peer, do, "succeeded", {})
        (why_not,) = await ignored(orchestrator, number, 1)
        assert "first: late: the step is being undone" in why_not
        await eventually(lambda: work.commands[-1]["direction"] == "undo")
        await answer(peer, work.commands[-1], "succeeded", {})
        assert (await ended(orchestrator, number)).status == "failed"
        await answer(peer, do, "succeeded", {})
        assert "the saga has ended (failed)" in (await ignored(orchestrator, number, 2))[-1]
        (end,) = facts(orchestrator, number, Failed)
        assert (end.status, end.undone) == (504, ("first",))


async def test_the_real_service_comes_back_after_the_saga_gave_up(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """What it finds is expired: it does nothing, undoes nothing, and the saga ends."""
    await make_topics(kafka_broker, PLACES)
    clock = ManualClock(NOW)
    async with running(kafka_broker, tmp_path / "log", paying(), clock=clock) as orchestrator:
        number = await begin(orchestrator, "pay", INPUT)
        await given_up(orchestrator, number, clock)
        clock.advance(TIMEOUT_MS // 2)  # past what is allowed for clocks that differ
        async with paid_by(kafka_broker, tmp_path / "pay", clock):
            assert (await ended(orchestrator, number)).status == "failed"
            for why_not in await ignored(orchestrator, number, 2):
                assert "payment: late: the step is being undone" in why_not
    assert money(tmp_path / "pay") == Money(OPENING, 0, 0)


@pytest.mark.parametrize("slow_ms", [0, 3_600_000])
async def test_the_do_comes_after_its_undo(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path, slow_ms: int
) -> None:
    """Held up on its way until the saga was over: refused by its deadline and, where the service's
    clock is slow, by the tombstone.
    """
    await make_topics(kafka_broker, PLACES)
    clock, its_clock = ManualClock(NOW), ManualClock(NOW - slow_ms)
    log, folder = tmp_path / "log", tmp_path / "pay"
    async with (
        peer_of(kafka_broker) as peer,
        running(kafka_broker, log, paying(ON_THE_WAY), clock=clock) as orchestrator,
        paid_by(kafka_broker, folder, its_clock),
    ):
        number = await begin(orchestrator, "pay", INPUT)
        await given_up(orchestrator, number, clock)
        assert (await ended(orchestrator, number)).status == "failed"
        its_clock.advance(clock.now_ms() - NOW)
        held, *_ = await peer.read(ON_THE_WAY, 1)
        await peer.send(PAYMENT, held.value or b"", key=held.key or b"")
        assert "the saga has ended (failed)" in (await ignored(orchestrator, number, 1))[0]
        expected = "tombstoned" if slow_ms else "expired"
        undone, refused = await peer.read("saga.replies", 2, number & 1023)
        assert json.loads(undone.value or b"")["type"] == "NothingToUndo"
        assert json.loads(refused.value or b"")["data"]["code"] == expected
    assert money(folder) == Money(OPENING, 0, 0)


async def test_it_never_answers(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """A person is asked, told of whom and what, and can have it asked again."""
    await make_topics(kafka_broker, PLACES)
    clock = ManualClock(NOW)
    async with (
        running(kafka_broker, tmp_path, WORK, clock=clock) as orchestrator,
        participant(kafka_broker, deaf_to("do", "undo")) as work,
    ):
        number = await begin(orchestrator, "work", {"order": 7})
        await until(clock, lambda: facts(orchestrator, number, Stuck))
        row, state = orchestrator.reader.saga(number), orchestrator.reader.state(number)
        assert row is not None and state is not None and row.status == "needs_operator"
        (waiting,) = why(state, WORK.definition, clock.now_ms())
        assert (waiting.kind, waiting.step, waiting.direction) == ("operator", "first", "undo")
        assert "no reply within the timeout" in waiting.last_error
        work.behave = succeed
        await orchestrator.door.repair(
            number, "retry", "it is back", "me", "first", request="again"
        )
        await eventually(lambda: facts(orchestrator, number, Failed))
        (end,) = facts(orchestrator, number, Failed)
        assert end.undone == ("first",)
