"""The client: starts sagas at a given concurrency or rate, and sees each one's end come back on
Kafka.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from infra.boundaries import OUTSIDE
from infra.broker.batches import BatchSender
from infra.broker.clients import close_producer, make_consumer, make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, Record, TopicPartition
from infra.clock import Clock

PATIENCE_S: Final = 60.0
POLL_MS: Final = 2


class BenchError(Exception):
    """The benchmark could not be carried out; the text says why."""


class Addressed(NamedTuple):
    """A record with the partition it goes to."""

    partition: int
    record: Record


class Work(Protocol):
    """What is measured: how the n-th saga is asked for, and which saga's end a record tells."""

    requests: str
    outcomes: str

    def request(self, number: int, partitions: int) -> Addressed:
        """The start of the n-th saga."""
        ...

    def ended(self, record: ConsumedRecord) -> int | None:
        """The number of the saga that this record ends; None when it ends none."""
        ...


@dataclass(frozen=True)
class Load:
    """How many sagas, how many at a time, and how many a second (None: as fast as they end)."""

    sagas: int
    concurrency: int
    rate: float | None = None

    def __str__(self) -> str:
        return f"{self.rate:g} a second" if self.rate else f"{self.concurrency} at a time"


@dataclass
class Run:
    """One load: ``latencies`` in seconds by order of their end; ``seconds`` from first start to
    last end.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list[float])


class Client:
    """Publishes starts through one idempotent producer, reads outcomes without a group."""

    def __init__(self, broker: BrokerSettings, clock: Clock, work: Work) -> None:
        self._broker, self._clock, self._work = broker, clock, work
        self._producer = make_producer(broker, client_id="bench")
        self._sender = BatchSender(self._producer)
        self._consumer = make_consumer(broker, client_id="bench")
        self._partitions = 0
        self._begun: dict[int, float] = {}
        self._next = 1

    async def __aenter__(self) -> "Client":
        await self._producer.start()
        await self._consumer.start()
        self._partitions = len(await self._producer.partitions_for(self._work.requests))
        ends = len(await self._producer.partitions_for(self._work.outcomes))
        places = [TopicPartition(self._work.outcomes, p) for p in range(ends)]
        self._consumer.assign(places)
        await self._consumer.seek_to_end(*places)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sender.close()
        await close_producer(self._producer)
        await self._consumer.stop()

    async def run(
        self, load: Load, progress: Callable[[int], None], dead: Callable[[], str | None]
    ) -> Run:
        """Start the sagas and wait for all their ends. Raises BenchError when they stop coming."""
        run, began = Run(), self._clock.monotonic()
        first, last_end = self._next, began
        while len(run.latencies) < load.sagas:
            now = self._clock.monotonic()
            self._start(self._allowed(load, first, now - began), now)
            for records in (await self._consumer.getmany(timeout_ms=POLL_MS)).values():
                now = last_end = self._clock.monotonic()
                run.latencies += self._ended(records, now)
            progress(len(run.latencies))
            why = dead() or (f"none for {PATIENCE_S:g} s" if now - last_end > PATIENCE_S else None)
            if why:
                left = load.sagas - len(run.latencies)
                raise BenchError(f"{left} of {load.sagas} sagas did not end: {why}")
        run.seconds = last_end - began
        return run

    def _allowed(self, load: Load, first: int, elapsed: float) -> range:
        """Which sagas may start now: as many as are due at the rate, within the concurrency."""
        until = first + load.sagas
        due = until if load.rate is None else min(until, first + int(elapsed * load.rate) + 1)
        room = load.concurrency - len(self._begun)
        return range(self._next, max(self._next, min(due, self._next + room)))

    def _start(self, numbers: range, now: float) -> None:
        groups: Mapping[int, list[Record]] = defaultdict(list)
        for number in numbers:
            partition, record = self._work.request(number, self._partitions)
            groups[partition].append(record)
            self._begun[number] = now
        for partition, records in groups.items():
            self._sender.submit(self._work.requests, partition, records, OUTSIDE)
        self._next = numbers.stop

    def _ended(self, records: list[ConsumedRecord], now: float) -> list[float]:
        numbers = map(self._work.ended, records)
        known = [n for n in numbers if n is not None and n in self._begun]
        return [now - self._begun.pop(n) for n in dict.fromkeys(known)]
