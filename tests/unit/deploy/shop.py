"""A file with open sagas of one definition, and contracts in two versions."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from contracts.messages import Command, Event, Message, Reply
from contracts.topics import saga_id
from orchestrator.definition.nodes import Call, Definition, Emit, canonical
from orchestrator.definition.spoken import Spoken
from orchestrator.deploy.contracts import Contracts
from orchestrator.engine.decide import decide
from orchestrator.engine.inputs import Start
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.records import seal
from orchestrator.sagalog.store import SagaLog
from tests.world import step

TOPIC = "till.commands"


class Buy(Message):
    """The input."""

    order: int
    amount: int


class Paid(Reply):
    """The reply."""

    receipt: int


class Pay(Command):
    """The first step."""

    service = "till"
    reply = Paid
    order: int
    amount: int


class Unpay(Command):
    """Its undo."""

    service = "till"
    reply = Reply
    order: int


class Send(Command):
    """The second step."""

    service = "till"
    reply = Reply
    order: int
    receipt: int


class Unsend(Unpay):
    """Its undo."""


class Bought(Event):
    """The end."""

    topic = "shop.events"
    key = "order"
    order: int


def call(contract: type[Command], **fields: str) -> Call:
    """A command of the shop; its fields are filled by name from the input, or as told."""
    names = {name: f"input.{name}" for name in contract.model_fields}
    return Call(contract.__name__, TOPIC, {**names, **fields}, tuple(contract.reply.model_fields))


PAY = step("pay", do=call(Pay), undo=call(Unpay))
SEND = step("send", do=call(Send, receipt="pay.receipt"), undo=call(Unsend))
END = Emit("Bought", "shop.events", "input.order", {"order": "input.order"})


def shop(*body: Any) -> Definition:
    """A version of the definition."""
    return Definition("buying", {}, body or (PAY, SEND), completed=(END,))


def speaking(*contracts: type[BaseModel], start: type[BaseModel] = Buy) -> Contracts:
    """The contracts of a program: those of the shop, with these instead of their namesakes."""
    commands: Any = {(TOPIC, c.__name__): c for c in (Pay, Unpay, Send, Unsend)}
    events: Any = {("shop.events", "Bought"): Bought}
    for one in contracts:
        if issubclass(one, Event):
            events["shop.events", one.__name__] = one
        else:
            commands[TOPIC, one.__name__] = one
    return Contracts(Spoken(commands, events), {"buying": start})


class File:
    """The saga log, written as an owner would."""

    def __init__(self, path: Path, definition: Definition) -> None:
        self.path = path
        self.plan = Plan(definition)
        self.log = SagaLog.open(path)
        self.states: dict[int, State] = {}
        self._offset = 0
        batch = Batch()
        batch.define(0, 0, self.plan.version, canonical(definition))
        self.commit(batch)

    def commit(self, batch: Batch) -> None:
        """Write a batch."""
        self._offset += 1
        batch.keep(PartitionFacts(0, "log", "epoch", 1, self._offset, -1, 1))
        self.log.commit(batch)

    def take(self, saga: int, given: Any) -> State:
        """Decide an input and write it."""
        state, told = decide(self.plan, self.states.get(saga), given)
        batch = Batch()
        batch.add(self._offset, seal(told), state)
        self.commit(batch)
        self.states[saga] = state
        return state

    def start(self, number: int, **given: Any) -> int:
        """One saga more, whose first step is in flight."""
        saga = saga_id(number, 0)
        data = {"order": number, "amount": 100, **given}
        self.take(saga, Start(f"s{number}", 1_000, saga, self.plan.version, 1, f"k{number}", data))
        return saga
