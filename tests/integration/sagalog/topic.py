"""A partition of saga.log in memory, and an owner that appends to it and then writes its file."""

from dataclasses import dataclass, field

from orchestrator.definition.nodes import Definition, version
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.fold import LogFold, PartitionFacts
from orchestrator.sagalog.records import (
    Claim,
    DefinitionRecord,
    LogRecord,
    TransitionRecord,
    encode_record,
    seal,
)
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import Told

DEFINITION = Definition("order-fulfillment", {"type": "object"}, ())
VERSION = version(DEFINITION)


@dataclass
class Topic:
    """The values of one partition, by offset."""

    partition: int
    values: list[bytes | None] = field(default_factory=list)

    def append(self, record: LogRecord) -> int:
        """The offset it got."""
        self.values.append(encode_record(record))
        return len(self.values) - 1

    def records(self, first: int = 0) -> list[tuple[int, bytes | None]]:
        """(offset, value) of everything from an offset on."""
        return list(enumerate(self.values))[first:]


class Owner:
    """Appends to one partition under one epoch."""

    def __init__(self, topic: Topic, log: SagaLog, epoch: str, name: str = "log-1") -> None:
        self.topic, self.log, self.epoch = topic, log, epoch
        self.fold = LogFold(log.partition_facts(topic.partition) or PartitionFacts(topic.partition))
        claim = Claim(name, epoch, 1, "test")
        self._keep(claim)

    def define(self) -> None:
        """The definition of the orders."""
        record = DefinitionRecord.of(self.epoch, self.fold.facts.seq, VERSION, DEFINITION)
        offset = self._keep(record, commit=False)
        batch = Batch()
        batch.define(self.topic.partition, offset, VERSION, record.definition)
        batch.keep(self.fold.facts)
        self.log.commit(batch)

    def tell(self, told: list[Told]) -> None:
        """Append and commit these transitions."""
        batch = Batch()
        for transition, state in told:
            sealed = seal(transition)
            facts = self.fold.facts
            record = TransitionRecord(self.epoch, facts.seq, facts.sent, sealed)
            batch.add(self._keep(record, commit=False), sealed, state)
        batch.keep(self.fold.facts)
        self.log.commit(batch)

    def straggle(self, told: Told, epoch: str, seq: int) -> None:
        """Somebody's late append, which no reader may count."""
        offset = self.topic.append(TransitionRecord(epoch, seq, -1, seal(told[0])))
        assert not self.fold.accept(
            offset, TransitionRecord(epoch, seq, -1, seal(told[0]))
        ).accepted

    def _keep(self, record: LogRecord, *, commit: bool = True) -> int:
        offset = self.topic.append(record)
        assert self.fold.accept(offset, record).accepted
        if commit:
            batch = Batch()
            batch.keep(self.fold.facts)
            self.log.commit(batch)
        return offset
