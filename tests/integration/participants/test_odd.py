"""Participants that say two things, or speak for others."""

from pathlib import Path
from typing import Any

from contracts.topics import DEAD_LETTERS
from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from orchestrator.engine.facts import Failed, Refused, Succeeded
from tests.brokers import MakeTopics
from tests.integration.participants.odd import (
    NOW,
    PLACES,
    answer,
    begin,
    ended,
    facts,
    ignored,
    peer_of,
    until,
)
from tests.integration.runtime.stage import (
    Behaviour,
    eventually,
    participant,
    read_all,
    running,
    saga,
    step,
    succeed,
)

WORK = saga(step("first"), step("second"))
NO = {"code": "no", "reason": "no"}


def deaf_to(*steps: str) -> Behaviour:
    """A participant that does not answer the do of these steps."""

    def behave(command: dict[str, Any]) -> dict[str, Any] | None:
        deaf = command["step"] in steps and command["direction"] == "do"
        return None if deaf else succeed(command)

    return behave


async def test_a_success_and_then_a_refusal(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """The first definite answer counts; the other one is in the history."""
    await make_topics(kafka_broker, PLACES)
    async with (
        peer_of(kafka_broker) as peer,
        running(kafka_broker, tmp_path, WORK) as orchestrator,
        participant(kafka_broker, deaf_to("first", "second")) as work,
    ):
        number = await begin(orchestrator, "work", {"order": 7})
        await eventually(lambda: len(work.commands) == 1)
        await answer(peer, work.commands[0], "succeeded", {"job": 1})
        await answer(peer, work.commands[0], "succeeded", {"job": 2})
        await answer(peer, work.commands[0], "refused", NO)
        await eventually(lambda: len(work.commands) == 2)
        await answer(peer, work.commands[1], "succeeded", {})
        assert (await ended(orchestrator, number)).status == "completed"
        for why_not in await ignored(orchestrator, number, 2):
            assert "first: duplicate or late: the step is done" in why_not
        assert facts(orchestrator, number, Succeeded)[0].data == {"job": 1}


async def test_a_refusal_and_then_a_success(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """A refusal is definite: nothing of that step is undone, whatever is said of it later."""
    await make_topics(kafka_broker, PLACES)
    async with (
        peer_of(kafka_broker) as peer,
        running(kafka_broker, tmp_path, WORK) as orchestrator,
        participant(kafka_broker, deaf_to("second")) as work,
    ):
        number = await begin(orchestrator, "work", {"order": 7})
        await eventually(lambda: len(work.commands) == 2)
        await answer(peer, work.commands[1], "refused", NO)
        assert (await ended(orchestrator, number)).status == "failed"
        await answer(peer, work.commands[1], "succeeded", {"job": 1})
        (why_not,) = await ignored(orchestrator, number, 1)
        assert "the saga has ended (failed)" in why_not
        (refused,) = facts(orchestrator, number, Refused)
        (end,) = facts(orchestrator, number, Failed)
        assert (refused.step, end.undone) == ("second", ("first",))


async def test_it_answers_for_other_sagas(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Sagas that are not there, or are another account's: dead letters. One that waits for nothing:
    its history. The saga that was meant goes on waiting, asks again, and ends.
    """
    await make_topics(kafka_broker, PLACES)
    clock = ManualClock(NOW)
    async with (
        peer_of(kafka_broker) as peer,
        running(kafka_broker, tmp_path, WORK, clock=clock) as orchestrator,
        participant(kafka_broker, succeed) as work,
    ):
        other = await begin(orchestrator, "work", {"order": 1})
        assert (await ended(orchestrator, other)).status == "completed"
        work.behave = deaf_to("first")
        await orchestrator.door.start("work", "meant", {"order": 2})
        await eventually(lambda: len(work.commands) == 3)
        asked = work.commands[2]
        meant = int(asked["saga"])
        nobody = str(meant + (1 << 20))
        await answer(peer, asked | {"saga": nobody}, "succeeded", {})
        await answer(peer, asked | {"tenant": "2"}, "succeeded", {})
        home = {"saga": str(other), "replypartition": other & 1023}
        await answer(peer, asked | home, "succeeded", {})
        assert "the saga has ended (completed)" in (await ignored(orchestrator, other, 1))[0]
        await until(clock, lambda: len(work.commands) > 3)
        work.behave = succeed
        await answer(peer, work.commands[3], "succeeded", {})
        assert (await ended(orchestrator, meant)).status == "completed"
        letters = await read_all(kafka_broker, DEAD_LETTERS)
    errors = {dict(letter.headers)["dlq-error"].decode() for letter in letters}
    assert errors == {f"saga: tenant 1 has no saga {nobody}", f"saga: tenant 2 has no saga {meant}"}


async def test_it_answers_for_a_saga_that_waits_for_the_same_step(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Taken, as nothing but its id contradicts it: the history keeps that id, and the true answer
    comes as a duplicate.
    """
    await make_topics(kafka_broker, PLACES)
    clock = ManualClock(NOW)
    async with (
        peer_of(kafka_broker) as peer,
        running(kafka_broker, tmp_path, WORK, clock=clock) as orchestrator,
        participant(kafka_broker, deaf_to("first")) as work,
    ):
        await orchestrator.door.start("work", "meant", {"order": 1})
        await orchestrator.door.start("work", "named", {"order": 2})
        await eventually(lambda: len(work.commands) == 2)
        meant, named = work.commands
        wrong = {"saga": named["saga"], "replypartition": named["replypartition"]}
        await answer(peer, meant | wrong, "succeeded", {})
        assert (await ended(orchestrator, int(named["saga"]))).status == "completed"
        await answer(peer, named, "succeeded", {})
        (why_not,) = await ignored(orchestrator, int(named["saga"]), 1)
        assert "the saga has ended (completed)" in why_not
        inputs = [told.input for told in orchestrator.reader.history(int(named["saga"]))]
        assert meant["id"] in inputs
        await until(clock, lambda: work.commands[-1]["attempt"] == 2)
        await answer(peer, work.commands[-1], "succeeded", {})
        assert (await ended(orchestrator, int(meant["saga"]))).status == "completed"
