"""The simulated cluster: partitions, idempotent appends, committed offsets, and the network to it.

What it keeps to is what DESIGN's facts say of Kafka: base offsets, duplicates of an idempotent
producer recognised by their sequence number, a gap in it refused, a durable topic (law 2) never
loses what it acknowledged, and the others lose their tail at a power cut.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka.errors import (
    KafkaConnectionError,
    OutOfOrderSequenceNumber,
    RequestTimedOutError,
    UnknownTopicOrPartitionError,
)

from infra.broker.types import TopicPartition
from tests.simulation.group import Group
from tests.simulation.loop import Node, SimLoop
from tests.simulation.weather import Weather

REQUEST_S = 10.0
DEFAULTS = {
    "min.insync.replicas": "1",
    "flush.messages": "9223372036854775807",
    "unclean.leader.election.enable": "false",
    "retention.ms": "604800000",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
}


class Stored(NamedTuple):
    """A record as it stands in a partition (``infra.broker.types.ConsumedRecord``)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    producer: int
    sequence: int


@dataclass
class Log:
    """One partition; ``waiting`` are consumers to be told of news."""

    place: TopicPartition
    records: list[Stored] = field(default_factory=list[Stored])
    waiting: dict[Any, None] = field(default_factory=dict[Any, None])
    sequences: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])

    @property
    def end(self) -> int:
        """The offset of the next record."""
        return len(self.records)


Append = Callable[[TopicPartition, Sequence[Stored], Node | None], None]


class _Request:
    """One request on its way: it may be lost, or come late, and so may its answer."""

    def __init__(
        self,
        broker: "Broker",
        node: Node,
        handle: Callable[[], Any],
        answer: Callable[[Any], None],
    ) -> None:
        self._broker = broker
        self._node = node
        self._handle = handle
        self._answer = answer
        self._patience: asyncio.TimerHandle | None = None
        self._given_up = False

    def send(self) -> None:
        """Let it go."""
        broker, chance, weather = self._broker, self._broker.chance, self._broker.weather
        arrives, dice = broker.delay(), chance.random()
        lost = self._node.cut_off or dice < weather.lost_request
        if not lost and dice > 1 - weather.stuck:
            arrives += chance.uniform(0.5, 2.5) * REQUEST_S
        if lost or arrives > 1.0:
            wait = chance.uniform(0.05, 1.0) if chance.random() < 0.5 else REQUEST_S
            context = self._node.context
            self._patience = broker.loop.call_later(wait, self._give_up, context=context)
        if not lost:
            broker.loop.call_later(arrives, self._arrived, context=broker.node.context)

    def _give_up(self) -> None:
        self._given_up = True
        self._answer(RequestTimedOutError("no answer"))

    def _arrived(self) -> None:
        self._broker.tell(self._node, self._answered, self._handled())

    def _handled(self) -> Any:
        """What comes of it at the broker, which may not be what is told."""
        broker, chance, weather = self._broker, self._broker.chance, self._broker.weather
        if not broker.up:
            return KafkaConnectionError("connection reset")
        if chance.random() < weather.refused:
            return RequestTimedOutError("refused for the moment")
        try:
            result = self._handle()
        except Exception as error:  # pylint: disable=broad-exception-caught  # it is the answer
            return error
        lost = self._patience is None and chance.random() < weather.lost_answer
        return KafkaConnectionError("connection reset") if lost else result

    def _answered(self, result: Any) -> None:
        if self._given_up:
            return
        if self._patience is not None:
            self._patience.cancel()
        self._answer(result)


def _topic(name: str, partitions: int) -> list[Log]:
    return [Log(TopicPartition(name, p)) for p in range(partitions)]


class Broker:
    """The cluster. ``watch`` is told of every append, ``note`` of whatever else happens."""

    def __init__(self, loop: SimLoop, chance: random.Random) -> None:
        self.loop = loop
        self.chance = chance
        self.weather = Weather()
        self.up = True
        self.topics: dict[str, list[Log]] = {}
        self.configs: dict[str, dict[str, str]] = {}
        self.groups: dict[str, Group] = {}
        self.watch: list[Append] = []
        self.cut: Callable[[TopicPartition, Sequence[Stored]], None] = lambda _tp, _lost: None
        self.note: Callable[[str], None] = lambda _: None
        self.node = Node(loop, "broker")
        self._producers = 0

    # ------------------------------------------------------------------------------ the network

    def delay(self) -> float:
        """How long one message takes."""
        weather, chance = self.weather, self.chance
        took = chance.random() * weather.slow_s + 0.0001
        if weather.spike and chance.random() < weather.spike:
            took += chance.random() * weather.spike_s
        return took

    def request(self, node: Node, handle: Callable[[], Any], answer: Callable[[Any], None]) -> None:
        """Send a request; ``answer`` gets in the end what ``handle`` returned, or an exception.

        An exception about the network says nothing about whether it was handled.
        """
        if self.up:
            _Request(self, node, handle, answer).send()
        else:
            self.tell(node, answer, KafkaConnectionError("connection refused"))

    def tell(self, node: Node, answer: Callable[[Any], None], result: Any) -> None:
        """Carry an answer to a node."""
        self.loop.call_later(self.delay(), answer, result, context=node.context)

    async def ask(self, node: Node, handle: Callable[[], Any]) -> Any:
        """One request and its answer; raises KafkaError."""
        future: asyncio.Future[Any] = self.loop.create_future()

        def answer(result: Any) -> None:
            if future.done():
                return
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

        self.request(node, handle, answer)
        return await future

    # ------------------------------------------------------------------------------- partitions

    def create(self, topic: str, partitions: int, config: dict[str, str] | None = None) -> None:
        """A topic."""
        self.topics[topic] = _topic(topic, partitions)
        self.configs[topic] = {**DEFAULTS, **(config or {})}

    def log(self, place: TopicPartition) -> Log:
        """A partition; raises UnknownTopicOrPartitionError."""
        logs = self.topics.get(place.topic, ())
        if place.partition >= len(logs):
            raise UnknownTopicOrPartitionError(place.topic)
        return logs[place.partition]

    def new_producer(self) -> int:
        """The id of a new idempotent producer."""
        self._producers += 1
        return self._producers

    def append(
        self,
        place: TopicPartition,
        producer: int,
        sequence: int,
        records: Sequence[tuple[bytes | None, bytes | None, Any, int | None]],
        node: Node | None,
    ) -> int:
        """Append a batch and return its base offset; raises OutOfOrderSequenceNumber."""
        log = self.log(place)
        last, base = log.sequences.get(producer, (-1, -1))
        if sequence == last:
            return base  # it is here already, only its answer was lost
        if sequence != last + 1:
            raise OutOfOrderSequenceNumber(f"{place}: {sequence} after {last}")
        base, now = log.end, self.node.now_ms()
        new = [
            Stored(*place, base + n, at or now, key, value, tuple(headers), producer, sequence)
            for n, (key, value, headers, at) in enumerate(records)
        ]
        log.records += new
        log.sequences[producer] = (sequence, base)
        for watch in self.watch:
            watch(place, new, node)
        self.news(log)
        return base

    def news(self, log: Log) -> None:
        """Whoever waits for this partition is told."""
        waiting, log.waiting = log.waiting, {}
        for consumer in waiting:
            consumer.wake_soon(self.delay())

    def lose_tail(self, places: Iterable[TopicPartition]) -> None:
        """A power cut: what was not flushed is gone. Durable topics lose nothing (law 2)."""
        for place in places:
            log = self.log(place)
            if self.configs[place.topic]["flush.messages"] == "1" or not log.records:
                continue
            keep = log.end - self.chance.randint(1, min(4, log.end))
            lost, log.records = log.records[keep:], log.records[:keep]
            log.sequences = {}
            for record in log.records:
                last = log.sequences.get(record.producer)
                if last is None or last[0] != record.sequence:
                    log.sequences[record.producer] = (record.sequence, record.offset)
            self.cut(place, lost)
            self.note(f"lost {place.topic}/{place.partition} from {keep}")

    # -------------------------------------------------------------------------------- processes

    def group(self, name: str) -> Group:
        """The group of this name."""
        found = self.groups.get(name)
        if found is None:
            found = self.groups[name] = Group(self, name)
        return found

    def silent(self, node: Node) -> None:
        """This node sends no heartbeats any more."""
        for group in self.groups.values():
            group.silent(node)

    def heard(self, node: Node) -> None:
        """It does again."""
        for group in self.groups.values():
            group.heard(node)

    def down(self) -> None:
        """The broker is gone."""
        self.up = False

    def emptied(self) -> None:
        """Another cluster in the place of this one: topics that hold nothing, and no groups."""
        self.topics = {name: _topic(name, len(logs)) for name, logs in self.topics.items()}
        self.groups = {}

    def back(self) -> None:
        """The broker is there again."""
        self.up = True
        for logs in self.topics.values():
            for log in logs:
                self.news(log)
