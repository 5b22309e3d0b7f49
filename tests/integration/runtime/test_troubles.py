"""Crashes, lost stores and an hour down: nothing is lost and nothing is done twice."""

import json
import shutil
from pathlib import Path

import pytest

from contracts.topics import DEFAULT_TENANT, REPLIES, partition_of_saga
from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from infra.embedded_broker import EmbeddedBroker
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.orchestrator import Orchestrator
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    FACTS,
    TOPICS,
    events,
    eventually,
    participant,
    reply_to,
    running,
    settings,
    silent,
    succeed,
)
from tests.integration.runtime.work import WORK, begin, ended, publish


async def test_a_crash_in_the_middle_is_gone_on_from(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Stopped without finishing anything; the next one on the same folder goes on."""
    await make_topics(any_broker, TOPICS)
    first = Orchestrator(settings(tmp_path), any_broker, Catalogue([WORK]))
    await first.start()
    async with participant(any_broker, silent("second")) as work:
        row = await begin(first)
        await eventually(lambda: any(c["step"] == "second" for c in work.commands))
        await first.kill()
        work.behave = succeed
        held = next(c for c in work.commands if c["step"] == "second")
        reply = json.dumps(reply_to(held, "succeeded", {})).encode()
        await publish(any_broker, REPLIES, partition_of_saga(row.id), reply)
        async with running(any_broker, tmp_path, WORK) as second:
            assert (await ended(second, row.id)).status == "completed"
    assert len(await events(any_broker, FACTS)) == 1


@pytest.mark.parametrize("keeps_file", [True, False])
async def test_what_was_logged_and_not_sent_is_sent_by_the_next(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path, keeps_file: bool
) -> None:
    """Killed between SQLite and the sends: the sent mark tells the next one, file or no file."""
    await make_topics(any_broker, TOPICS)
    first = Orchestrator(settings(tmp_path / "one"), any_broker, Catalogue([WORK]))
    await first.start()
    async with participant(any_broker) as work:
        await eventually(lambda: first.health().ready)
        for partition in first.partitions:
            # pylint: disable-next=protected-access  # between the two there is no other way in
            partition._services.effects.send = lambda *_: None  # type: ignore[method-assign]
        row = await begin(first)
        await first.kill()
        assert not work.commands
        folder = tmp_path / "one"
        if not keeps_file:
            folder = tmp_path / "two"
            folder.mkdir()
            # the same seat in the group: else the session of the dead has to time out first
            shutil.copy(tmp_path / "one" / "member", folder)
        async with running(any_broker, folder, WORK) as second:
            await eventually(lambda: second.reader.saga(row.id))
            assert (await ended(second, row.id)).status == "completed"
        assert [command["step"] for command in work.commands] == ["first", "second"]


async def test_a_lost_file_is_rebuilt_from_the_topic(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Another folder, nothing but the topic: the saga is there, and goes on."""
    await make_topics(any_broker, TOPICS)
    async with participant(any_broker, silent("second")) as work:
        async with running(any_broker, tmp_path / "one", WORK) as first:
            row = await begin(first)
            done = await begin(first, "key-2")
            await eventually(lambda: sum(c["step"] == "second" for c in work.commands) == 2)
        async with running(any_broker, tmp_path / "two", WORK) as second:
            assert second.reader.by_key(DEFAULT_TENANT, "work", "key-2") is not None
            for held in [c for c in work.commands if c["step"] == "second"]:
                reply = json.dumps(reply_to(held, "succeeded", {})).encode()
                await publish(any_broker, REPLIES, held["replypartition"], reply)
            assert (await ended(second, row.id)).status == "completed"
            assert (await ended(second, done.id)).status == "completed"


async def test_the_embedded_broker_forgets_everything(tmp_path: Path) -> None:
    """A new empty broker and the old folder: the log is filled again, open sagas go on at once."""
    with EmbeddedBroker() as one:
        broker = BrokerSettings.local(one.start(TOPICS), embedded=True)
        async with (
            participant(broker, silent("second")) as work,
            running(broker, tmp_path, WORK) as o,
        ):
            rows = [await begin(o, f"key-{n}") for n in range(20)]
            await eventually(lambda: sum(c["step"] == "second" for c in work.commands) == 20)
    with EmbeddedBroker() as two:
        broker = BrokerSettings.local(two.start(TOPICS), embedded=True)
        async with participant(broker) as work, running(broker, tmp_path, WORK) as o:
            for row in rows:
                assert (await ended(o, row.id)).status == "completed"
            assert {c["step"] for c in work.commands} == {"second"}
            more = await begin(o, "key-new")
            assert (await ended(o, more.id)).status == "completed"
    with EmbeddedBroker() as three:
        broker = BrokerSettings.local(three.start(TOPICS), embedded=True)
        async with running(broker, tmp_path, WORK) as o:
            assert o.reader.counts() == {"completed": 21}


async def test_replies_come_before_timeouts(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """After an hour down the reply that waited in the topic counts; without one it is asked
    again.
    """
    await make_topics(any_broker, TOPICS)
    clock = ManualClock(1_700_000_000_000)
    async with participant(any_broker, silent("second")) as work:
        async with running(any_broker, tmp_path, WORK, clock=clock) as first:
            answered = await begin(first, "answered")
            unanswered = await begin(first, "silent")
            await eventually(lambda: sum(c["step"] == "second" for c in work.commands) == 2)
        held = next(
            c for c in work.commands if c["step"] == "second" and c["saga"] == str(answered.id)
        )
        reply = json.dumps(reply_to(held, "succeeded", {})).encode()
        await publish(any_broker, REPLIES, partition_of_saga(answered.id), reply)
        clock.advance(3_600_000)
        async with running(any_broker, tmp_path, WORK, clock=clock) as second:
            assert (await ended(second, answered.id)).status == "completed"
            kinds = [f for t in second.reader.history(answered.id) for f in t.facts]
            assert not any(type(fact).__name__ == "Faulted" for fact in kinds)

            def timed_out() -> bool:
                facts = [f for t in second.reader.history(unanswered.id) for f in t.facts]
                return any(type(fact).__name__ == "Faulted" for fact in facts)

            await eventually(timed_out)
            work.behave = succeed
            clock.advance(200)
            assert (await ended(second, unanswered.id)).status == "completed"
