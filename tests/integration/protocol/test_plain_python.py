"""The protocol is enough: a participant and a start in plain Python, without our libraries."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaProducer

from contracts.topics import DEAD_LETTERS, EVENTS, REQUESTS
from infra.broker.settings import BrokerSettings
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    COMMANDS,
    PARTITIONS,
    TOPICS,
    events,
    eventually,
    running,
    saga,
    step,
)

PROGRAM = Path(__file__).with_name("plain_participant.py")
WORK = saga(step("first"), step("second"))


@asynccontextmanager
async def plain_participant(broker: BrokerSettings, database: Path) -> AsyncIterator[None]:
    """The program of some sixty lines, as a process of its own."""
    topics = broker.topic(COMMANDS), broker.topic(DEAD_LETTERS)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), broker.address, topics[0], str(database), topics[1]
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def publish(broker: BrokerSettings, key: str, definition: str, given: dict[str, Any]) -> None:
    """A start, by a producer that knows the protocol and nothing else."""
    message = {
        "specversion": "1.0",
        "id": key,
        "source": "my-shop",
        "type": "saga.start",
        "tenant": "1",
        "requestkey": key,
        "data": {"definition": definition, "input": given},
    }
    partition = crc32(f"1\0{definition}\0{key}".encode()) % PARTITIONS
    producer = AIOKafkaProducer(bootstrap_servers=broker.address)
    async with producer:
        await producer.send_and_wait(
            broker.topic(REQUESTS), json.dumps(message).encode(), partition=partition
        )


async def told(broker: BrokerSettings, count: int) -> dict[str, dict[str, Any]]:
    """What saga.events says of each request key, once it says it of that many."""
    found: dict[str, dict[str, Any]] = {}

    async def look() -> None:
        while len(found) < count:
            found.update({e["requestkey"]: e for e in await events(broker, EVENTS)})

    await asyncio.wait_for(look(), 60)
    return found


async def test_a_participant_and_a_start_in_plain_python(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    await make_topics(any_broker, TOPICS)
    database = tmp_path / "plain.db"
    async with (
        running(any_broker, tmp_path / "orchestrator", WORK) as orchestrator,
        plain_participant(any_broker, database),
    ):
        await publish(any_broker, "good", "work", {"order": 7})
        await publish(any_broker, "good", "work", {"order": 7})
        await publish(any_broker, "bad", "work", {"order": -1})
        await publish(any_broker, "unknown", "no-such-saga", {"order": 1})
        await publish(any_broker, "invalid", "work", {"order": "many"})
        found = await told(any_broker, 4)
        await eventually(lambda: not orchestrator.reader.counts().get("running"))
    assert found["good"]["type"] == "SagaCompleted"
    assert (found["bad"]["type"], found["bad"]["data"]["code"]) == ("SagaFailed", "no")
    assert (found["unknown"]["type"], found["unknown"]["data"]["status"]) == ("SagaRefused", 404)
    assert (found["invalid"]["type"], found["invalid"]["data"]["status"]) == ("SagaRefused", 422)
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT number, undone FROM jobs").fetchall() == [(7, 0), (7, 0)]
