"""Says again what was said: commands and replies twice, and once more long after (law 4)."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Final

from infra.boundaries import OUTSIDE
from infra.broker.clients import make_consumer
from infra.broker.errors import BrokerError
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import ConsumedRecord, KafkaError, Record, TopicPartition

SHARE: Final = 0.04
LATE_S: Final = (0.0, 0.0, 0.5, 3.0, 10.0)
MARK: Final = "chaos-echo"
PAUSE_S: Final = 0.5


class Echo:
    """Reads the topics and repeats a share of the records; ``repeated`` counts them."""

    def __init__(self, broker: BrokerSettings, topics: Sequence[str], seed: int) -> None:
        self._broker = broker
        self._topics = [broker.topic(name) for name in topics]
        self._seed = seed
        self._senders = TopicSenders(broker, client_id="chaos-echo")
        self._late: set[asyncio.Task[None]] = set()
        self.repeated = 0

    async def run(self) -> None:
        """Until cancelled; a broker that is gone is waited for."""
        while True:
            try:
                await self._read()
            except (KafkaError, BrokerError, OSError):
                await asyncio.sleep(PAUSE_S)

    async def _read(self) -> None:
        counts = await list_topics(self._broker)
        places = [TopicPartition(t, p) for t in self._topics for p in range(counts.get(t, 0))]
        consumer = make_consumer(self._broker, client_id="chaos-echo")
        try:
            await consumer.start()
            consumer.assign(places)
            await consumer.seek_to_end(*places)
            while True:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        self._consider(record)
        finally:
            await consumer.stop()

    def _consider(self, record: ConsumedRecord) -> None:
        if any(name == MARK for name, _ in record.headers):
            return
        dice = Random(f"{self._seed}/echo/{record.key!r}/{record.value!r}")
        if dice.random() < SHARE:
            task = asyncio.create_task(self._again(record, dice.choice(LATE_S)))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def _again(self, record: ConsumedRecord, late_s: float) -> None:
        await asyncio.sleep(late_s)
        headers = [*record.headers, (MARK, b"1")]
        copy = Record(record.key, record.value, headers)
        await self._senders.submit(record.topic, record.partition, [copy], OUTSIDE)
        self.repeated += 1

    @property
    def waiting(self) -> int:
        """How much is still to be said once more."""
        return len(self._late)

    async def close(self) -> None:
        """Say no more."""
        for task in self._late:
            task.cancel()
        await self._senders.close()
