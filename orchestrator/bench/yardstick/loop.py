"""The bare loop's orchestrator: read, append to the log, one SQLite transaction, send;
pipelined.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from infra.boundaries import OUTSIDE
from infra.broker.batches import BatchSender
from infra.broker.clients import make_consumer, make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, Record, TopicPartition
from infra.datastore import open_database
from orchestrator.bench.yardstick import (
    DECODE,
    EVENTS,
    LOG,
    REPLIES,
    REQUESTS,
    SERVICES,
    Message,
    packed,
)

COMMIT_EVERY = 50
DEPTH = 16

Outgoing = tuple[str, int, Record]


class Batch(NamedTuple):
    """Inputs of one partition whose log records are under way."""

    appended: "asyncio.Future[int]"
    rows: list[tuple[int, int, bytes]]
    outgoing: list[Outgoing]
    place: TopicPartition
    offset: int


class Loop:
    """One process over all partitions."""

    def __init__(self, broker: BrokerSettings, folder: Path) -> None:
        self._broker = broker
        self._log, self._out = (make_producer(broker) for _ in range(2))
        self._logger, self._sender = BatchSender(self._log), BatchSender(self._out)
        self._consumer = make_consumer(
            broker, map(broker.topic, (REQUESTS, REPLIES)), group_id=broker.topic("yardstick")
        )
        self._rows = open_database(folder / "yardstick.db")
        self._rows.execute(
            "CREATE TABLE log (saga INTEGER, number INTEGER, record BLOB,"
            " PRIMARY KEY (saga, number)) WITHOUT ROWID"
        )
        self._queue: asyncio.Queue[Batch] = asyncio.Queue(DEPTH)
        self._replies: dict[int, int] = {}

    async def run(self) -> None:
        """Until it is killed."""
        for client in (self._log, self._out, self._consumer):
            await client.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._act())
            while True:
                got = await self._consumer.getmany(timeout_ms=1000)
                for place, records in got.items():
                    await self._queue.put(self._decide(place, records))

    def _decide(self, place: TopicPartition, records: Sequence[ConsumedRecord]) -> Batch:
        rows: list[tuple[int, int, bytes]] = []
        outgoing: list[Outgoing] = []
        logged: list[Record] = []
        for got in records:
            number, effects = self._next(DECODE(got.value or b""), place.partition)
            logged.append(Record(got.key, got.value))
            rows.append((effects[0][0], number, got.value or b""))
            for saga, name, kind in effects[1:]:
                message = packed(Message(f"{saga}/{name}", kind, saga, name))
                topic = EVENTS if kind == "OrderCompleted" else f"yardstick.{name}"
                outgoing.append((self._broker.topic(topic), place.partition, message))
        appended = self._logger.submit(self._broker.topic(LOG), place.partition, logged, OUTSIDE)
        return Batch(appended, rows, outgoing, place, records[-1].offset + 1)

    def _next(self, given: Message, _partition: int) -> tuple[int, list[tuple[int, str, str]]]:
        """The number of this input in its saga, and what follows: the saga, then what is sent."""
        saga = given.saga
        here = (saga, "", "")
        if given.type == "start":
            self._replies[saga] = 0
            return 1, [here, (saga, SERVICES[0], "QuoteProduct")]
        count = self._replies[saga] = self._replies[saga] + 1
        if count == 1:
            return 2, [here, *((saga, name, "Command") for name in SERVICES[1:])]
        if count < len(SERVICES):
            return count + 1, [here]
        del self._replies[saga]
        return count + 1, [here, (saga, "order", "OrderCompleted")]

    async def _act(self) -> None:
        done = 0
        offsets: dict[TopicPartition, int] = {}
        while True:
            batches = [await self._queue.get()]
            while not self._queue.empty():
                batches.append(self._queue.get_nowait())
            for batch in batches:
                await batch.appended
                offsets[batch.place] = batch.offset
            self._write([row for batch in batches for row in batch.rows])
            self._send([one for batch in batches for one in batch.outgoing])
            done += 1
            if done % COMMIT_EVERY == 0:
                await self._consumer.commit(offsets)

    def _write(self, rows: list[tuple[int, int, bytes]]) -> None:
        self._rows.execute("BEGIN IMMEDIATE")
        self._rows.executemany("INSERT INTO log VALUES (?, ?, ?)", rows)
        self._rows.execute("COMMIT")

    def _send(self, outgoing: list[Outgoing]) -> None:
        groups: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
        for topic, partition, message in outgoing:
            groups[topic, partition].append(message)
        for (topic, partition), records in groups.items():
            self._sender.submit(topic, partition, records, OUTSIDE)
