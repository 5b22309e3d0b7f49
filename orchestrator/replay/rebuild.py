"""The file from the topic: a lost SQLite log is made again from ``saga.log`` (DESIGN law 14)."""

from collections.abc import Generator, Sequence
from contextlib import aclosing, contextmanager
from os import PathLike
from pathlib import Path

from infra.broker.probe import is_embedded
from infra.broker.settings import BrokerSettings
from orchestrator.replay.boundaries import REBUILT
from orchestrator.replay.placing import placing
from orchestrator.replay.topic import name_of, read_log
from orchestrator.sagalog.follow import Follower, Raw, without_strays
from orchestrator.sagalog.store import SagaLog


class Rebuilding:
    """Takes what the topic says. ``transitions`` were written; ``skipped`` records did not count:
    (partition, offset, why).
    """

    def __init__(self, log: SagaLog) -> None:
        self.transitions = 0
        self.skipped: list[tuple[int, int, str]] = []
        self._follower = Follower(log)
        self._names: dict[int, str] = {}

    def take(self, partition: int, records: Sequence[Raw]) -> None:
        """The next records of a partition, in one transaction; raises SagaLogError."""
        if records and partition not in self._names:
            self._names[partition] = name_of(partition, *records[0])
        known = list(without_strays(records, self._names.get(partition, "")))
        applied = self._follower.apply(partition, known)
        self.transitions += applied.transitions
        self.skipped += [(partition, offset, why) for offset, why in applied.skipped]


@contextmanager
def rebuilding(file: str | PathLike[str], *, embedded: bool) -> Generator[Rebuilding]:
    """Make the file from every record of every partition, each partition in order; ``embedded``
    says on which kind of broker they are, for no other may take the file (ADR 0004).

    The file appears under its name when the block ends; what an interrupted one left is begun
    again. Raises FileInTheWay when there is one already (set it aside first).
    """
    with placing(Path(file).absolute(), REBUILT) as beside, SagaLog.open(beside) as log:
        log.settle(embedded)
        yield Rebuilding(log)


async def rebuild(file: str | PathLike[str], broker: BrokerSettings) -> Rebuilding:
    """Make the file from what the broker holds now; nobody may use the data folder meanwhile.

    Raises FileInTheWay, NothingToReplay, SagaLogError, BrokerError, KafkaError.
    """
    with rebuilding(file, embedded=await is_embedded(broker)) as made:
        async with aclosing(read_log(broker)) as topic:
            async for partition, records in topic:
                made.take(partition, records)
    return made
