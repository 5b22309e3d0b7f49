"""Reading a partition's log before acting on it (DESIGN laws 9 and 14): compared, adopted,
checked.
"""

import contextlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from orchestrator.runtime.errors import LogGap, LogLost, OtherLog
from orchestrator.runtime.happenings import Mark
from orchestrator.runtime.log_reader import LogReader
from orchestrator.sagalog.errors import ForeignLog, LogConflict, UnreadableRecord
from orchestrator.sagalog.errors import LogGap as Broken
from orchestrator.sagalog.follow import Follower, without_strays
from orchestrator.sagalog.records import Claim, LogRecord, decode_record
from orchestrator.sagalog.store import SagaLog

CONTRADICTIONS = (ForeignLog, LogConflict, Broken)
"""What shows that the file and the topic tell different stories."""

Records = list[tuple[int, bytes | None]]
Moved = Callable[[set[int]], None]


class Comparison(NamedTuple):
    """What the topic holds: its log id ("" when empty), and whether it fits the file's last
    record.
    """

    log: str
    matches: bool
    first: int
    end: int


class Adoption(NamedTuple):
    """What reading up to our claim showed; ``epoch`` is that of the last claim that counts."""

    epoch: str
    sent: int
    foreign: bool
    missing: bool


class Adopter:
    """Reads logs into the file. ``moved`` is told which sagas changed; ``refill``: an empty topic
    may be filled from the file.
    """

    def __init__(
        self, reader: LogReader, log: SagaLog, follower: Follower, moved: Moved, *, refill: bool
    ) -> None:
        self._reader = reader
        self._log = log
        self._follower = follower
        self._moved = moved
        self._refill = refill

    def mark(self, partition: int) -> Mark | None:
        """The last record of the partition that the file holds."""
        facts = self._log.partition_facts(partition)
        if facts is None or not facts.log:
            return None
        return Mark(facts.log, facts.epoch, facts.seq, facts.offset)

    async def look(self, partitions: Iterable[int]) -> None:
        """Inspect the logs of these partitions, before anything begins; raises as ``inspect``, and
        OtherLog.

        A file that turns out to be of another log while we run is set aside (law 14): somebody has
        begun a new one. At the start it is far more often a wrong cluster, or a wrong folder.
        """
        for partition in partitions:
            file = self.mark(partition)
            found = await self.inspect(partition, file)
            if file is not None and found.log not in ("", file.log):
                raise OtherLog(
                    f"the file {self._log.file} holds another log of partition {partition} than the"
                    " broker: it is another cluster or topic prefix, or somebody has begun a new"
                    " log; nothing was changed. Correct the settings, or move the file away: it is"
                    " then read from the broker"
                )

    async def inspect(self, partition: int, file: Mark | None) -> Comparison:
        """Compare before a claim; raises LogLost, LogGap, KafkaError.

        A tail that is missing is appended again. When all is gone, it may be another broker, and
        filling that one would send everything twice: somebody must say that it is the right one.
        """
        found = await self.compare(partition, file)
        if file is not None and not found.log and not self._refill:
            raise LogLost(
                f"the broker holds nothing of the log of partition {partition}, and the file has"
                f" it up to offset {file.offset}: it is another broker, or has lost its data; then"
                " `saga replay refill` fills it again from the file"
            )
        return found

    async def compare(self, partition: int, file: Mark | None) -> Comparison:
        """Compare the file's last record with the topic; raises LogGap, KafkaError."""
        first, end = await self._reader.bounds(partition)
        if first == end:
            return Comparison("", False, first, end)
        matches = False
        if file is not None and first <= file.offset < end:
            matches = _is(await self._record(partition, file.offset), file)
        if matches and file is not None:
            return Comparison(file.log, True, first, end)
        head = await self._record(partition, first)
        if not isinstance(head, Claim):
            raise LogGap(
                f"the log of partition {partition} begins at offset {first} with no claim, and the"
                " file does not hold what came before"
            )
        return Comparison(head.log, False, first, end)

    async def read(self, partition: int, stop: int, again: bool) -> Adoption:
        """Read the log into the file up to, not including, ``stop``; raises LogGap, KafkaError."""
        fold = self._follower.restart(partition) if again else self._follower.fold(partition)
        start = fold.next_offset
        if start is None:
            start, _ = await self._reader.bounds(partition)
        try:
            async with contextlib.aclosing(self._reader.read(partition, start, stop)) as stream:
                async for records in stream:
                    await self.take(partition, [(r.offset, r.value) for r in records])
        except CONTRADICTIONS:
            return Adoption("", -1, True, False)
        facts = self._follower.fold(partition).facts
        missing = next(self._log.displaced(partition), None) is not None
        return Adoption(facts.epoch, facts.sent, False, missing)

    async def take(self, partition: int, records: Records) -> None:
        """Write records of somebody else's into the file; raises SagaLogError."""
        try:
            applied = self._follower.apply(partition, records)
        except ForeignLog:
            log = await self._name(partition)
            if self._follower.fold(partition).facts.log not in ("", log):
                raise
            applied = self._follower.apply(partition, list(without_strays(records, log)))
        self._moved(applied.sagas)

    async def _name(self, partition: int) -> str:
        """The id of the log that the topic holds: its first record names it."""
        first, _ = await self._reader.bounds(partition)
        head = await self._record(partition, first)
        return head.log if isinstance(head, Claim) else ""

    async def end(self, partition: int) -> int:
        """The offset of the next record to be written; raises KafkaError."""
        return await self._reader.end(partition)

    async def claimed_between(self, partition: int, start: int, stop: int) -> bool:
        """Whether a claim stands between our last append and this one (DESIGN law 9)."""
        async with contextlib.aclosing(self._reader.read(partition, start, stop)) as stream:
            async for records in stream:
                for record in records:
                    with contextlib.suppress(UnreadableRecord):
                        if isinstance(decode_record(record.value), Claim):
                            return True
        return False

    async def _record(self, partition: int, offset: int) -> LogRecord | None:
        try:
            return decode_record((await self._reader.one(partition, offset)).value)
        except UnreadableRecord:
            return None


def _is(record: LogRecord | None, mark: Mark) -> bool:
    if record is None or record.epoch != mark.epoch:
        return False
    if isinstance(record, Claim):
        return mark.seq == 0 and record.log == mark.log
    return record.seq + 1 == mark.seq
