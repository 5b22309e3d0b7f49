"""The partitions that a consumer is assigned, and how far it has read them."""

from collections.abc import Iterable

from aiokafka.errors import IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from infra.broker.types import TopicPartition
from tests.simulation.broker import Broker, Stored

CHUNKS = (1, 2, 5, 1_000)


class Part:
    """Where reading stands (None: not known yet), and whether it is held."""

    __slots__ = ("paused", "position")

    def __init__(self) -> None:
        self.position: int | None = None
        self.paused = False


class Parts:
    """``reset`` is aiokafka's ``auto_offset_reset``; ``grouped``: positions come from the group."""

    def __init__(self, broker: Broker, *, reset: str) -> None:
        self.all: dict[TopicPartition, Part] = {}
        self.grouped = False
        self._broker = broker
        self._reset = reset

    def assign(self, places: Iterable[TopicPartition]) -> None:
        """These and no others; what was known of any is forgotten."""
        self.all = {place: Part() for place in places}

    def get(self, place: TopicPartition) -> Part:
        """One of them; raises IllegalStateError."""
        part = self.all.get(place)
        if part is None:
            raise IllegalStateError(f"Partition {place} is not assigned")
        return part

    def anything(self) -> bool:
        """Whether there is a record to read; raises as ``collect``."""
        return any(self._fetchable(place, part) for place, part in self.all.items())

    def collect(self, most: int) -> dict[TopicPartition, list[Stored]]:
        """Records, at most so many; raises OffsetOutOfRangeError where nothing may be reset."""
        found: dict[TopicPartition, list[Stored]] = {}
        for place, part in self.all.items():
            if most > 0 and self._fetchable(place, part):
                assert part.position is not None
                count = min(most, self._broker.chance.choice(CHUNKS))
                records = self._broker.log(place).records[part.position : part.position + count]
                part.position = records[-1].offset + 1
                most -= len(records)
                found[place] = records
        return found

    def _fetchable(self, place: TopicPartition, part: Part) -> bool:
        if part.paused:
            return False
        log = self._broker.log(place)
        if part.position is None:
            if self.grouped:
                return False  # what was committed is being asked
            if self._reset == "none":
                raise NoOffsetForPartitionError(str(place))
            part.position = 0
        if not 0 <= part.position <= log.end:
            if self._reset == "none":
                raise OffsetOutOfRangeError({place: part.position})
            self._broker.note(f"{place.topic}/{place.partition} is read again from the beginning")
            part.position = 0
        return part.position < log.end
