"""Crashes, repetitions, poison and lost stores: nothing is lost and nothing is done twice."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import (
    DEAD_LETTERS,
    DEFAULT_TENANT,
    EVENTS,
    REPLIES,
    REQUESTS,
    partition_of_saga,
    partition_of_start,
)
from infra.broker.clients import close_producer, make_producer
from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from infra.embedded_broker import EmbeddedBroker
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.rows import SagaRow
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    FACTS,
    PARTITIONS,
    TOPICS,
    Behaviour,
    events,
    eventually,
    participant,
    read_all,
    reply_to,
    running,
    saga,
    settings,
    step,
    succeed,
)

WORK = saga(step("first"), step("second"))


def ignore(*steps: str) -> Behaviour:
    """A participant that never answers for these steps."""

    def behave(command: dict[str, Any]) -> dict[str, Any] | None:
        return None if command["step"] in steps else succeed(command)

    return behave


async def begin(orchestrator: Orchestrator, key: str = "key-1", order: int = 7) -> SagaRow:
    """Start a saga and wait until it is in the log."""
    await orchestrator.door.start("work", key, {"order": order})
    row = await orchestrator.wait(DEFAULT_TENANT, "work", key, 20)
    assert row is not None
    return row


async def ended(orchestrator: Orchestrator, saga_id: int) -> SagaRow:
    """Wait until the saga has ended."""
    row = await orchestrator.wait_saga(saga_id, 20)
    assert row is not None
    return row


async def publish(broker: BrokerSettings, topic: str, partition: int, *values: bytes) -> None:
    """Write raw messages, as anybody may."""
    producer: Any = make_producer(broker)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(broker.topic(topic), value, partition=partition)
    finally:
        await close_producer(producer)


def start_message(key: str, data: Any, **changes: Any) -> bytes:
    """A start as any producer may write it."""
    message = {
        "specversion": "1.0",
        "id": f"start-{key}",
        "source": "test",
        "type": "saga.start",
        "tenant": str(DEFAULT_TENANT),
        "requestkey": key,
        "data": data,
    }
    return json.dumps({**message, **changes}).encode()


async def test_a_crash_in_the_middle_is_gone_on_from(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Stopped without finishing anything; the next one on the same folder goes on."""
    await make_topics(any_broker, TOPICS)
    first = Orchestrator(settings(tmp_path), any_broker, Catalogue([WORK]))
    await first.start()
    async with participant(any_broker, ignore("second")) as work:
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
    async with participant(any_broker, ignore("second")) as work:
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
            participant(broker, ignore("second")) as work,
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


async def test_a_start_twice_is_one_saga(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """The outcome is told again under the same id; another body is refused."""
    await make_topics(any_broker, TOPICS)
    async with running(any_broker, tmp_path, WORK) as orchestrator, participant(any_broker) as work:
        row = await begin(orchestrator)
        await ended(orchestrator, row.id)
        await orchestrator.door.start("work", "key-1", {"order": 7})
        await orchestrator.door.start("work", "key-1", {"order": 8})
        await orchestrator.door.start("nothing", "key-1", {"order": 8})
        await orchestrator.door.start("work", "key-2", {"order": "many"})
        await caught_up(orchestrator, 5)
        told = await events(any_broker, EVENTS)
        assert len(work.commands) == 2
    completed = [e for e in told if e["type"] == "SagaCompleted"]
    assert len(completed) == 2
    assert completed[0]["id"] == completed[1]["id"]
    refused = {
        (e["requestkey"], e["data"]["status"], e["data"]["code"])
        for e in told
        if e["type"] == "SagaRefused"
    }
    assert refused == {
        ("key-1", 422, "key_reused"),
        ("key-1", 404, "definition_not_found"),
        ("key-2", 422, "invalid_input"),
    }


async def caught_up(orchestrator: Orchestrator, requests: int) -> None:
    """Wait until so many requests are decided, and everything that follows from them is sent."""
    partitions = orchestrator.partitions

    def quiet() -> bool:
        read = sum(max(0, p.own.inputs[0]) for p in partitions)
        return read >= requests and all(
            p.idle and not p.own.acting and p.own.sent == p.own.expected - 1 for p in partitions
        )

    await eventually(quiet)


async def test_poison_stalls_nobody(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """What cannot be read, or belongs to nobody, goes raw to the dead letters; the rest goes on."""
    await make_topics(any_broker, TOPICS)
    async with running(any_broker, tmp_path, WORK) as orchestrator, participant(any_broker):
        home = partition_of_start(DEFAULT_TENANT, "work", "key-1", PARTITIONS)
        good = {"definition": "work", "input": {"order": 1}}
        await publish(
            any_broker,
            REQUESTS,
            home,
            b"{not json",
            b"\xff\xfe",
            start_message("x", {"definition": 1}),
            start_message("x" * 300, good),
            b"x" * 200_000,
        )
        stray = {"saga": "999424", "step": "first", "direction": "do", "round": 1, "attempt": 1}
        reply = reply_to({"specversion": "1.0", "tenant": "1", "id": "r", **stray}, "succeeded", {})
        await publish(any_broker, REPLIES, 0, b"", json.dumps(reply).encode())
        row = await begin(orchestrator)
        assert (await ended(orchestrator, row.id)).status == "completed"
        await caught_up(orchestrator, 6)
        letters = await read_all(any_broker, DEAD_LETTERS)
    errors = [dict(letter.headers)["dlq-error"].decode() for letter in letters]
    assert len(letters) == 7
    assert {letter.value for letter in letters} >= {b"{not json", b"\xff\xfe", b"x" * 200_000}
    assert any("has no saga 999424" in error for error in errors)


async def test_a_start_in_the_wrong_partition_is_forwarded(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Nobody relies on somebody else's partitioner (law 10)."""
    await make_topics(any_broker, TOPICS)
    async with running(any_broker, tmp_path, WORK) as orchestrator, participant(any_broker):
        home = partition_of_start(DEFAULT_TENANT, "work", "key-1", PARTITIONS)
        message = start_message("key-1", {"definition": "work", "input": {"order": 1}})
        await publish(any_broker, REQUESTS, 1 - home, message)
        row = await orchestrator.wait(DEFAULT_TENANT, "work", "key-1", 20)
        assert row is not None and row.partition == home


async def test_replies_come_before_timeouts(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """After an hour down the reply that waited in the topic counts; without one it is asked
    again.
    """
    await make_topics(any_broker, TOPICS)
    clock = ManualClock(1_700_000_000_000)
    async with participant(any_broker, ignore("second")) as work:
        async with running(any_broker, tmp_path, WORK, clock=clock) as first:
            answered = await begin(first, "answered")
            silent = await begin(first, "silent")
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
                facts = [f for t in second.reader.history(silent.id) for f in t.facts]
                return any(type(fact).__name__ == "Faulted" for fact in facts)

            await eventually(timed_out)
            work.behave = succeed
            clock.advance(200)
            assert (await ended(second, silent.id)).status == "completed"
