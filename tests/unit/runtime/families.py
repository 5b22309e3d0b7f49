"""A saga and its child, each at the desk of its partition, and the messages between them."""

import json
import random
from typing import Any

from msgspec.structs import replace
from pydantic import BaseModel

from contracts.topics import EVENTS, REPLIES, REQUESTS, partition_of_saga, partition_of_start
from infra.broker.settings import BrokerSettings
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import Definition, version
from orchestrator.definition.words.builder import Saga
from orchestrator.engine.facts import Transition
from orchestrator.engine.inputs import Wake
from orchestrator.engine.state import State
from orchestrator.runtime.decisions import Decisions
from orchestrator.runtime.desk import Desk, Office
from orchestrator.runtime.messages import Outgoing
from orchestrator.runtime.plans import Plans
from orchestrator.runtime.states import Shelf
from orchestrator.runtime.wire import Post, rendered
from tests.unit.runtime.test_desk import Empty, Read
from tests.world import changed, child, definition, step

PARTITIONS = 4
BROKER = BrokerSettings.local("127.0.0.1:1")
POST = Post(BROKER, PARTITIONS)
NOW = 1_000


class Order(BaseModel):
    """The input of both."""

    order: int


def named(name: str, made: Definition, **changes: Any) -> Definition:
    return replace(made, name=name, started=(), completed=(), failed=(), **changes)


CHILD = named(
    "kid",
    changed(definition(step("prepare"), step("dispatch", "pivot")), "prepare"),
    result={"ticket": "input.order"},
)
PARENT = named(
    "parent",
    changed(definition(step("charge"), child("kid"), step("ship", "retriable")), "kid"),
    deadline_ms=5_000,
)


class House:
    """The desks of all partitions; ``waiting`` are the messages that are under way."""

    def __init__(self, *sagas: Definition) -> None:
        book = Empty()
        known = [Saga(one, Order, version(one)) for one in sagas]
        plans = Plans(Catalogue(known), book)
        office = Office(BROKER, PARTITIONS, plans, book, Shelf())
        self.desks = [Desk(office, number) for number in range(PARTITIONS)]
        for desk in self.desks:
            desk.open()
        self.waiting: list[Outgoing] = []
        self.refuse: set[str] = set()
        self.events: list[dict[str, Any]] = []
        self.commands: list[dict[str, Any]] = []
        self.states: dict[int, State] = {}
        self.transitions: list[Transition] = []
        self.dead: list[Outgoing] = []
        self.now = NOW

    def publish(self, kind: str, key: str, data: dict[str, Any], identity: str = "id") -> None:
        """A request of somebody outside, by request key."""
        partition = partition_of_start(1, data["definition"], key, PARTITIONS)
        message = {
            "specversion": "1.0",
            "id": identity,
            "source": "test",
            "type": kind,
            "tenant": "1",
            "requestkey": key,
            "data": data,
        }
        self._hand(REQUESTS, partition, json.dumps(message).encode())

    def deliver(self, one: Outgoing) -> None:
        """A message arrives."""
        if one.topic == EVENTS:
            self.events.append(json.loads(one.record.value or b""))
        elif one.topic.endswith(".commands"):
            self._participant(json.loads(one.record.value or b""))
        elif one.topic in (REQUESTS, REPLIES):
            self._hand(one.topic, one.partition, one.record.value)
        else:
            self.dead.append(one)

    def lose(self, outcome: str) -> None:
        """A power cut takes the replies of that outcome which are under way."""
        self.waiting = [
            one
            for one in self.waiting
            if one.topic != REPLIES or json.loads(one.record.value or b"")["outcome"] != outcome
        ]

    def deliver_until(self, outcome: str) -> None:
        """Deliver in order, commands last, until such a reply is under way."""
        while not any(
            one.topic == REPLIES and json.loads(one.record.value or b"")["outcome"] == outcome
            for one in self.waiting
        ):
            self.waiting.sort(key=lambda one: one.topic.endswith(".commands"))
            self.deliver(self.waiting.pop(0))

    def _hand(self, topic: str, partition: int, value: bytes | None) -> None:
        out = Decisions("epoch", 1, 0)
        desk = self.desks[partition]
        record = Read(topic, partition, 0, 0, None, value)
        (desk.request if topic == REQUESTS else desk.reply)(record, self.now, out)
        self._out(out)

    def _out(self, out: Decisions) -> None:
        self.waiting += out.answers
        for decided in out.decided:
            self.states[decided.state.saga] = decided.state
            self.transitions.append(decided.sealed.transition)
            self.waiting += rendered(POST, decided.state, decided.sealed.transition)

    def _participant(self, command: dict[str, Any]) -> None:
        """Does what it is asked; a refusal of ``refuse`` is definite."""
        self.commands.append(command)
        refused = command["direction"] == "do" and command["step"] in self.refuse
        same = ("specversion", "tenant", "saga", "step", "direction", "round", "attempt")
        data = {"code": "no", "reason": "no"} if refused else {}
        answer = {name: command[name] for name in same}
        answer |= {"id": f"r/{command['id']}", "source": "t", "type": "Done", "data": data}
        answer["outcome"] = "refused" if refused else "succeeded"
        self._hand(REPLIES, command["replypartition"], json.dumps(answer).encode())

    def run(self, hold: str = "") -> None:
        """Deliver everything in order; commands of the step ``hold`` are under way for longer."""
        slow: list[Outgoing] = []
        while self.waiting:
            one = self.waiting.pop(0)
            if hold and one.topic.endswith(".commands") and _step(one) == hold:
                slow.append(one)
            else:
                self.deliver(one)
        self.waiting = slow

    def shuffle(self, chance: random.Random) -> None:
        """Deliver in any order but that of one partition, some of it twice."""
        while self.waiting:
            places = [(m.topic, m.partition) for m in self.waiting]
            first = [i for i, place in enumerate(places) if place not in places[:i]]
            one = self.waiting.pop(chance.choice(first))
            self.deliver(one)
            if chance.random() < 0.2:
                self.deliver(one)

    def named(self, name: str) -> State:
        """The one saga of this definition."""
        found = [one for one in self.states.values() if one.definition == name]
        assert len(found) == 1, found
        return found[0]

    def wake(self, name: str) -> None:
        """The next wake-up of the saga of this definition."""
        state = self.named(name)
        self.now = max(self.now, state.wake_at)
        out = Decisions("epoch", 1, 0)
        desk = self.desks[partition_of_saga(state.saga)]
        # The desk itself waits until what it has decided is in SQLite, and here is none.
        desk._decide(state, Wake("wake", self.now), out)  # pylint: disable=protected-access
        self._out(out)

    def begin(self) -> None:
        """Start the parent."""
        self.publish("saga.start", "k", {"definition": "parent", "input": {"order": 7}})

    def signal(self, name: str, identity: str, **data: Any) -> None:
        """Tell the parent something."""
        body = {"definition": "parent", "signal": name, "reason": "because", "by": "ann"}
        self.publish("saga.signal", "k", {**body, "data": data}, identity)


def _step(command: Outgoing) -> str:
    return str(json.loads(command.record.value or b"")["step"])
