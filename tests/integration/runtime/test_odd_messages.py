"""Starts that come twice or to the wrong partition, and poison: none stalls another."""

import json
from pathlib import Path
from typing import Any

from contracts.topics import (
    DEAD_LETTERS,
    DEFAULT_TENANT,
    EVENTS,
    REPLIES,
    REQUESTS,
    partition_of_start,
)
from infra.broker.settings import BrokerSettings
from orchestrator.runtime.orchestrator import Orchestrator
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    PARTITIONS,
    TOPICS,
    events,
    eventually,
    participant,
    read_all,
    reply_to,
    running,
)
from tests.integration.runtime.work import WORK, begin, ended, publish


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
