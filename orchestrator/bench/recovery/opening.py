"""Opening many sagas: starts published in batches, no more ahead of the log than it can take."""

from collections import defaultdict
from collections.abc import Awaitable, Callable

from infra.boundaries import OUTSIDE
from infra.broker.batches import BatchSender
from infra.broker.clients import close_producer, make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.types import Record
from orchestrator.bench.load import Work

CHUNK = 1_000
AHEAD = 5_000


class Opener:
    """Publishes the starts of numbered sagas."""

    def __init__(self, broker: BrokerSettings, work: Work, partitions: int) -> None:
        self._producer = make_producer(broker, client_id="saga-bench-opener")
        self._sender = BatchSender(self._producer)
        self._work = work
        self._partitions = partitions
        self._next = 1

    async def __aenter__(self) -> "Opener":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sender.close()
        await close_producer(self._producer)

    async def open(self, count: int, opened: Callable[[], Awaitable[int]]) -> None:
        """Publish so many; ``opened`` says how many of them the log has, and takes its time."""
        first, last = self._next, self._next + count
        while self._next < last:
            numbers = range(self._next, min(last, self._next + CHUNK))
            while numbers.stop - first - await opened() > AHEAD:
                pass
            self._publish(numbers)
        while await opened() < count:
            pass

    def probe(self) -> None:
        """One more start for every partition."""
        missing = set(range(self._partitions))
        while missing:
            partition, record = self._work.request(self._next, self._partitions)
            self._next += 1
            if partition in missing:
                missing.discard(partition)
                self._sender.submit(self._work.requests, partition, [record], OUTSIDE)

    def _publish(self, numbers: range) -> None:
        groups: dict[int, list[Record]] = defaultdict(list)
        for number in numbers:
            partition, record = self._work.request(number, self._partitions)
            groups[partition].append(record)
        for partition, records in groups.items():
            self._sender.submit(self._work.requests, partition, records, OUTSIDE)
        self._next = numbers.stop
