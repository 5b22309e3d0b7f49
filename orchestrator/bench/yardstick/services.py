"""The bare loop's four services in one process: one inbox and one effect row a command, then
the reply.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from infra.boundaries import OUTSIDE
from infra.broker.batches import BatchSender
from infra.broker.clients import make_consumer, make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord
from infra.datastore import open_database
from orchestrator.bench.yardstick import DECODE, REPLIES, SERVICES, Message, packed
from orchestrator.bench.yardstick.loop import COMMIT_EVERY


async def serve(broker: BrokerSettings, folder: Path) -> None:
    """All four, until the process is killed."""
    producer = make_producer(broker)
    await producer.start()
    sender = BatchSender(producer)
    async with asyncio.TaskGroup() as tasks:
        for name in SERVICES:
            tasks.create_task(_service(name, broker, folder, sender))


async def _service(name: str, broker: BrokerSettings, folder: Path, sender: BatchSender) -> None:
    topic = broker.topic(f"yardstick.{name}")
    consumer = make_consumer(broker, [topic], group_id=topic)
    rows = open_database(folder / f"{name}.db")
    rows.execute("CREATE TABLE inbox (id TEXT PRIMARY KEY, reply BLOB) WITHOUT ROWID")
    rows.execute("CREATE TABLE effects (id INTEGER PRIMARY KEY, saga INTEGER, amount INTEGER)")
    await consumer.start()
    done = 0
    while True:
        got = await consumer.getmany(timeout_ms=1000)
        answers = {place: _answer(name, records) for place, records in got.items()}
        if not answers:
            continue
        _write(rows, [reply for replies in answers.values() for reply in replies])
        await asyncio.gather(
            *(
                sender.submit(
                    broker.topic(REPLIES), place.partition, [*map(packed, replies)], OUTSIDE
                )
                for place, replies in answers.items()
            )
        )
        done += 1
        if done % COMMIT_EVERY == 0:
            await consumer.commit({place: got[place][-1].offset + 1 for place in got})


def _answer(name: str, records: Sequence[ConsumedRecord]) -> list[Message]:
    commands = [DECODE(got.value or b"") for got in records]
    return [Message(f"{name}/{c.saga}", "Replied", c.saga, name) for c in commands]


def _write(rows: sqlite3.Connection, replies: list[Message]) -> None:
    rows.execute("BEGIN IMMEDIATE")
    rows.executemany("INSERT INTO inbox VALUES (?, ?)", [(m.id, m.type) for m in replies])
    effects = [(m.saga, m.amount) for m in replies]
    rows.executemany("INSERT INTO effects (saga, amount) VALUES (?, ?)", effects)
    rows.execute("COMMIT")
