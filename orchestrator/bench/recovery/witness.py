"""A witness beside the processes: reads ``saga.log`` as it grows, and says when what happened."""

from dataclasses import dataclass, field

import msgspec

from contracts.topics import LOG
from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, TopicPartition
from infra.clock import Clock

POLL_MS = 20
WAKE = "wake/"


class _Told(msgspec.Struct, gc=False):
    saga: int
    number: int
    input: str


class _Entry(msgspec.Struct, gc=False):
    type: str
    epoch: str
    transition: _Told | None = None


_ENTRY = msgspec.json.Decoder(_Entry).decode


@dataclass
class Seen:
    """What was logged since the witness was last told to begin anew; times are Unix milliseconds.

    ``claimed`` and ``decided``: by partition, when its first claim and the first transition of an
    epoch that was claimed since were seen. ``moved``: each saga with the number of its first
    transition since, ``by_time`` those for whom that was a wake-up. ``opened``: sagas begun.
    """

    claimed: dict[int, int] = field(default_factory=dict[int, int])
    decided: dict[int, int] = field(default_factory=dict[int, int])
    moved: dict[int, int] = field(default_factory=dict[int, int])
    by_time: set[int] = field(default_factory=set[int])
    opened: set[int] = field(default_factory=set[int])
    last: int = 0
    epochs: dict[int, str] = field(default_factory=dict[int, str])


class Witness:
    """Reads every partition from its end on; ``look`` again and again."""

    def __init__(self, broker: BrokerSettings, clock: Clock, partitions: int) -> None:
        self._clock = clock
        self._consumer = make_consumer(
            broker, isolation_level="read_uncommitted", client_id="saga-bench-witness"
        )
        topic = broker.topic(LOG)
        self._places = [TopicPartition(topic, p) for p in range(partitions)]
        self.seen = Seen()

    async def __aenter__(self) -> "Witness":
        await self._consumer.start()
        self._consumer.assign(self._places)
        await self._consumer.seek_to_end(*self._places)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    def anew(self) -> None:
        """Forget what was seen."""
        self.seen = Seen()

    async def look(self) -> Seen:
        """Read what has come, waiting a moment for it."""
        batches = await self._consumer.getmany(timeout_ms=POLL_MS)
        now = self._clock.now_ms()
        for tp, records in batches.items():
            for record in records:
                take(self.seen, tp.partition, record, now)
        return self.seen

    async def catch_up(self) -> None:
        """Read up to where the log ends now."""
        ends = await self._consumer.end_offsets(self._places)
        while any([await self._consumer.position(tp) < end for tp, end in ends.items()]):
            await self.look()


def take(seen: Seen, partition: int, record: ConsumedRecord, now: int) -> None:
    """Note one record of the log."""
    entry = _ENTRY(record.value or b"{}")
    if entry.type == "claim":
        seen.claimed.setdefault(partition, now)
        seen.epochs[partition] = entry.epoch
    told = entry.transition
    if told is None:
        return
    seen.last = now
    if seen.epochs.get(partition) == entry.epoch:
        seen.decided.setdefault(partition, now)
    if told.number == 1:
        seen.opened.add(told.saga)
    elif told.saga not in seen.moved:
        seen.moved[told.saga] = told.number
        if told.input.startswith(WAKE):
            seen.by_time.add(told.saga)
