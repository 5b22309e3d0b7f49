"""Kafka for the kit: sends commands in one batch, hears everything that is answered.

It reads the reply topic without a group from where it ends now; the orchestrator's reply topic and
the dead letters too, where they are there: what is answered to the wrong place is found, not
missed.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Self

from contracts.envelope import HEADERS
from contracts.topics import DEAD_LETTERS, REPLIES
from infra.boundaries import OUTSIDE
from infra.broker.batches import BatchSender
from infra.broker.clients import close_producer, make_consumer, make_producer, start_consumer
from infra.broker.errors import BrokerUnreachable
from infra.broker.settings import BrokerSettings
from infra.broker.types import Record, TopicPartition
from orchestrator.conformance.answers import Answer, read

READ_MS: Final = 200
SEND_S: Final = 30.0


class Post:
    """Sends to ``topic`` and hears, as long as it is entered. Raises KafkaError, BrokerError.

    ``topics``: every topic of the cluster with its partitions; names are those on the cluster.
    """

    def __init__(
        self, broker: BrokerSettings, topics: dict[str, int], topic: str, replies: str
    ) -> None:
        self.topic = topic
        self.partitions = topics[topic]
        self.replies = replies
        self.reply_partitions = topics[replies]
        letters = broker.topic(DEAD_LETTERS)
        self.dead_letters = letters if letters in topics else ""
        self.heard: list[Answer] = []
        self._broker = broker
        heard = dict.fromkeys(filter(None, (replies, broker.topic(REPLIES), letters)))
        self._places = [TopicPartition(t, p) for t in heard for p in range(topics.get(t, 0))]
        self._consumer = make_consumer(broker, client_id="saga-conformance")
        self._producer = make_producer(broker, client_id="saga-conformance")
        self._sender = BatchSender(self._producer)
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def _open(self) -> None:
        self._consumer.assign(self._places)
        await start_consumer(self._broker, self._consumer)
        for place, end in (await self._consumer.end_offsets(self._places)).items():
            self._consumer.seek(place, end)
        await self._producer.start()
        self._task = asyncio.create_task(self._hear())

    async def __aexit__(self, *_error: object) -> None:
        await self._close()

    async def _close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._consumer.stop()
        await self._sender.close()
        await close_producer(self._producer)

    async def send(self, letters: Iterable[tuple[int, bytes, bytes | None]]) -> None:
        """Send (partition, key, value), those of one partition as one batch in this order.

        Raises BrokerUnreachable when they are not acknowledged in time, and what BatchSender does.
        """
        lanes: dict[int, list[Record]] = defaultdict(list)
        for partition, key, value in letters:
            lanes[partition].append(Record(key, value, HEADERS))
        sent = [
            self._sender.submit(self.topic, p, records, OUTSIDE) for p, records in lanes.items()
        ]
        try:
            async with asyncio.timeout(SEND_S):
                await asyncio.gather(*sent)
        except TimeoutError as error:
            where = self._broker.address
            raise BrokerUnreachable(f"{where} took no command within {SEND_S:g} s") from error

    async def until(self, found: Callable[[], bool], patience_s: float) -> bool:
        """Wait until what was heard makes it true; False when it does not within the patience.

        Raises what has ended the hearing: to be deaf is not to be left without an answer.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while not found():
                    await self._news.wait()
                    self._news.clear()
                    if self._task is not None and self._task.done():
                        self._task.result()
        return found()

    def since(self, mark: int) -> Sequence[Answer]:
        """What was heard since then (``len(heard)`` at the time), without dead letters."""
        return [answer for answer in self.heard[mark:] if answer.topic != self.dead_letters]

    def letter(self, value: bytes | None, mark: int) -> Answer | None:
        """The dead letter with this value, if one was heard since then."""
        found = (a for a in self.heard[mark:] if a.topic == self.dead_letters and a.value == value)
        return next(found, None)

    async def _hear(self) -> None:
        try:
            await self._listen()
        finally:
            self._news.set()

    async def _listen(self) -> None:
        while True:
            for records in (await self._consumer.getmany(timeout_ms=READ_MS)).values():
                self.heard += [read(record) for record in records]
            self._news.set()
