"""A desk on a file, and the requests about versions: definitions, rollouts, starts, moves."""

import json
from typing import Any

import msgspec
from pydantic import BaseModel

from contracts.topics import REQUESTS, partition_of_start
from infra.broker.settings import BrokerSettings
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import Call, Definition, version
from orchestrator.definition.words.builder import Saga
from orchestrator.runtime.decisions import Decided, Decisions, Defined
from orchestrator.runtime.desk import Desk, Office
from orchestrator.runtime.plans import Plans
from orchestrator.runtime.states import Shelf
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.store import SagaLog
from tests.unit.runtime.test_desk import Read
from tests.world import definition, step

PARTITIONS = 4
PLACE = 2
"""The partition of the stage."""


class Order(BaseModel):
    """The input of the program's version."""

    order: int


class NewOrder(BaseModel):
    """The input of the next version."""

    order: int
    note: str


OLD = msgspec.structs.replace(definition(step("a")), input=Order.model_json_schema())
NEW = msgspec.structs.replace(
    definition(step("a", do=Call("Doa", "t.commands", {"note": "input.note"})), step("b")),
    input=NewOrder.model_json_schema(),
)
KEYS = [
    key for key in map(str, range(400)) if partition_of_start(1, OLD.name, key, PARTITIONS) == PLACE
]


class Stage:
    """The desk of partition 2 on a file; what it decides is written when asked."""

    def __init__(self, log: SagaLog, *sagas: Saga) -> None:
        self.log = log
        broker = BrokerSettings.local("127.0.0.1:1")
        self.office = Office(broker, PARTITIONS, Plans(Catalogue(sagas), log), log, Shelf())
        self.desk = Desk(self.office, PLACE)
        self.desk.open()
        self.offset = 0
        self.records: list[bytes] = []

    def take(self, record: Any) -> Decisions:
        """Decide a request."""
        out = Decisions("e", self.offset, -1)
        self.desk.request(record, 5, out)
        return out

    def keep(self, out: Decisions) -> None:
        """Append and write what was decided, as the runtime does."""
        batch = Batch()
        self.records += [record.value or b"" for record in out.records]
        for entry in out.entries:
            self.offset += 1
            if isinstance(entry, Decided):
                batch.add(self.offset, entry.sealed, entry.state)
            elif isinstance(entry, Defined):
                batch.define(PLACE, self.offset, entry.version, entry.raw)
            else:
                batch.roll_out(PLACE, self.offset, entry.number, entry.rollout)
        batch.keep(PartitionFacts(PLACE, "log", "e", self.offset, self.offset, -1, 5))
        self.log.commit(batch)
        self.desk.committed(out)


def program(made: Definition = OLD, model: type[BaseModel] = Order) -> Saga:
    """What the process has."""
    return Saga(made, model, version(made))


def message(kind: str, identity: str = "r-1", **fields: Any) -> Read:
    """A request."""
    base = {"specversion": "1.0", "id": identity, "source": "t", "type": kind, "tenant": "1"}
    return Read(REQUESTS, 2, 0, 0, None, json.dumps({**base, **fields}).encode())


def start(key: str, **given: Any) -> Read:
    """A start."""
    data = {"definition": OLD.name, "input": given}
    return message("saga.start", f"s-{key}", requestkey=key, data=data)


def define(made: Definition = NEW) -> Read:
    """A definition for the log."""
    return message("saga.define", data={"definition": msgspec.to_builtins(made)})


def rule(identity: str = "r-1", at: int = 10, **changes: Any) -> Read:
    """A rollout: all starts get the new version."""
    data = {"definition": OLD.name, "at": str(at), "reason": "because", "by": "ann"}
    asked = {"base": version(OLD), "version": version(NEW), "share": 10_000, **changes}
    return message("saga.rollout", identity, data={**data, **asked})


def move(saga: int, wanted: str, identity: str = "m-1") -> Read:
    """Another version for a saga."""
    data = {"version": wanted, "reason": "because", "by": "ann"}
    return message("saga.move", identity, saga=str(saga), data=data)
