"""A saga and its child, each at the desk of its partition, and the messages between them in any
order, late and twice (DESIGN laws 4 and 10).
"""

import json
import random
from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import BaseModel

from contracts.topics import EVENTS, REPLIES, REQUESTS, partition_of_saga, partition_of_start
from infra.broker.settings import BrokerSettings
from orchestrator.definition.builder import Saga
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import Definition, version
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


def _named(name: str, made: Definition, **changes: Any) -> Definition:
    return replace(made, name=name, started=(), completed=(), failed=(), **changes)


CHILD = _named(
    "kid",
    changed(definition(step("prepare"), step("dispatch", "pivot")), "prepare"),
    result={"ticket": "input.order"},
)
PARENT = _named(
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
        for decided in out.decided():
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


@pytest.fixture
def house() -> House:
    """A parent and its child, known."""
    return House(PARENT, CHILD)


def _step(command: Outgoing) -> str:
    return str(json.loads(command.record.value or b"")["step"])


def _signalled(house: House, definition_: str) -> list[tuple[str, str]]:
    told = (e["data"] for e in house.events if e["type"] == "SagaSignalled")
    return [(one["id"], one["outcome"]) for one in told if one["definition"] == definition_]


def test_it_is_begun_once_ends_and_answers(house: House) -> None:
    house.begin()
    house.run()
    kid, parent = house.named("kid"), house.named("parent")
    assert (kid.mode, parent.mode) == ("completed", "completed")
    assert parent.data["kid"] == {"ticket": 7}
    assert kid.key == f"1/{parent.saga}/kid/do/1"
    assert kid.parent is not None
    assert (kid.parent.saga, kid.parent.step) == (parent.saga, "kid")
    assert kid.trace[3:35] == parent.trace[3:35], "one trace"
    assert not house.dead


def test_its_failure_is_the_parents(house: House) -> None:
    house.refuse = {"prepare"}
    house.begin()
    house.run()
    parent = house.named("parent")
    assert (parent.mode, parent.code, parent.undone) == ("failed", "no", ("charge",))


def test_the_deadline_of_the_parent_is_that_of_the_child(house: House) -> None:
    house.begin()
    house.run(hold="prepare")
    kid, parent = house.named("kid"), house.named("parent")
    assert (kid.deadline, parent.deadline, parent.delegated) == (6_000, 6_000, "kid")
    assert parent.wake_at > 0


def test_a_cancel_reaches_into_it(house: House) -> None:
    house.begin()
    house.run(hold="prepare")
    house.signal("cancel", "s-1")
    house.run(hold="prepare")
    house.run()
    kid, parent = house.named("kid"), house.named("parent")
    assert (kid.mode, kid.code, parent.mode, parent.code) == ("failed", "cancelled") * 2
    assert kid.undone == ("prepare",)
    assert parent.undone == ("charge",)
    assert _signalled(house, "parent") == [("s-1", "held"), ("s-1", "applied")]


def test_past_the_point_of_no_return_of_the_child_it_is_refused(house: House) -> None:
    house.begin()
    house.run(hold="dispatch")
    house.signal("cancel", "s-1")
    house.run(hold="dispatch")
    house.run()
    parent = house.named("parent")
    assert parent.mode == "completed"
    assert "dispatch has been commanded" in parent.signals["s-1"]
    assert _signalled(house, "parent") == [("s-1", "held"), ("s-1", "refused")]


def test_a_change_reaches_into_it_and_the_step_is_done_again(house: House) -> None:
    house.begin()
    house.run(hold="prepare")
    house.signal("reorder", "s-1", new=9)
    house.run(hold="prepare")
    house.run()
    assert [(c["round"], c["data"]["order"]) for c in house.commands if c["step"] == "prepare"] == [
        (1, 7),
        (2, 9),
    ]
    parent = house.named("parent")
    assert (parent.mode, parent.changed) == ("completed", {"order": 9})
    assert parent.data["kid"] == {"ticket": 9}


@pytest.mark.parametrize("signal", ["cancel", "reorder"])
def test_an_answer_that_is_lost_comes_with_the_end(house: House, signal: str) -> None:
    """Replies are not flushed: a power cut may take the answer, and not the end that follows it."""
    house.begin()
    house.run(hold="prepare")
    house.signal(signal, "s-1", **({"new": 9} if signal == "reorder" else {}))
    house.deliver_until("answered")
    house.lose("answered")
    house.run()
    kid, parent = house.named("kid"), house.named("parent")
    assert parent.signals == kid.signals == {"s-1": ""}
    assert (parent.mode, parent.changed) == (kid.mode, kid.changed)
    assert _signalled(house, "parent") == [("s-1", "held"), ("s-1", "applied")]


def test_a_signal_that_is_handed_on_again_is_answered_again(house: House) -> None:
    """As a stored reply is: its answer may be lost, and the child go on for long."""
    house.begin()
    house.run(hold="dispatch")
    house.signal("cancel", "s-1")
    house.deliver_until("answered")
    house.lose("answered")
    assert house.named("parent").held
    house.wake("parent")  # its child has not ended in time: it is asked again, and reminded
    house.wake("parent")
    house.run(hold="dispatch")
    parent = house.named("parent")
    assert not parent.held
    assert "dispatch has been commanded" in parent.signals["s-1"]


def test_asked_again_with_changed_data_it_is_the_same_child(house: House) -> None:
    """The child is known by its parent's step and round, whatever it is to do by now."""
    house.begin()
    house.run(hold="prepare")
    house.signal("reorder", "s-1", new=9)
    house.deliver_until("answered")
    house.run(hold="dispatch")
    house.wake("parent")
    house.wake("parent")
    assert [m for m in house.waiting if m.topic == REQUESTS], "it is asked for once more"
    house.run()
    kid, parent = house.named("kid"), house.named("parent")
    assert (kid.mode, parent.mode) == ("completed", "completed")
    assert not [event for event in house.events if event["type"] == "SagaRefused"]


def test_what_became_of_a_signal_is_told_under_one_id(house: House) -> None:
    """However often it is told, and however far the saga has come meanwhile."""
    house.begin()
    house.run(hold="prepare")
    house.signal("cancel", "s-1")
    first = [m for m in house.waiting if m.topic == EVENTS]
    held, transition = house.named("parent"), house.transitions[-1]
    house.signal("reorder", "s-2", new=9)
    house.run()
    later = house.named("parent")
    assert later.number > held.number
    again = [m for m in rendered(POST, later, transition, attempts=False) if m.topic == EVENTS]
    assert [m.record.value for m in again] == [m.record.value for m in first]
    told = [event["id"] for event in house.events if event["type"] == "SagaSignalled"]
    assert len(told) == len(set(told))


def test_a_child_that_can_be_undone_is_stopped_with_its_parent() -> None:
    """It is told to, settles, and its end is heard before its parent ends."""
    made = _named(
        "parent", definition(step("charge"), child("kid", "compensatable"), step("send", "pivot"))
    )
    house = House(made, CHILD)
    house.begin()
    house.run(hold="prepare")
    house.signal("cancel", "s-1")
    house.run(hold="prepare")
    assert house.named("kid").signals, "it was told to stop"
    house.run()
    kid, parent = house.named("kid"), house.named("parent")
    assert (kid.mode, kid.code, parent.mode, parent.code) == ("failed", "cancelled") * 2
    assert (kid.undone, parent.undone) == (("prepare",), ("charge",))


def test_a_child_that_nobody_knows_is_refused(house: House) -> None:
    house = House(PARENT)
    house.begin()
    house.run()
    parent = house.named("parent")
    assert (parent.mode, parent.code) == ("failed", "definition_not_found")
    assert "no saga is called 'kid'" in parent.reason


def test_a_signal_for_a_saga_that_is_not_there_is_buried(house: House) -> None:
    house.signal("cancel", "s-1")
    house.run()
    (letter,) = house.dead
    assert b"has no parent of key k" in dict(letter.record.headers)["dlq-error"]


def test_a_cancel_without_a_reason_is_buried(house: House) -> None:
    house.begin()
    body = {"definition": "parent", "signal": "cancel", "reason": "", "by": "ann"}
    house.publish("saga.signal", "k", body)
    house.run()
    assert len(house.dead) == 1


@pytest.mark.parametrize("seed", range(150))
def test_in_any_order_and_twice_they_agree(seed: int) -> None:
    """Signals at any moment, messages of different partitions in any order, some of them twice."""
    chance = random.Random(seed)
    house = House(PARENT, CHILD)
    house.refuse = set(chance.sample(["charge", "prepare", "dispatch"], chance.choice([0, 0, 1])))
    house.begin()
    told = ["cancel", "reorder", "reorder"]
    for number in range(chance.randint(0, 3)):
        for _ in range(chance.randint(0, 6)):
            if house.waiting:
                _one_of(house, chance)
        house.signal(chance.choice(told), f"s-{number}", new=9 + number)
    house.shuffle(chance)
    parent = house.named("parent")
    kids = [one for one in house.states.values() if one.definition == "kid"]
    assert not parent.open
    assert not parent.held
    for kid in kids:
        assert kid.mode == parent.mode
        assert _input(kid)["order"] == _input(parent)["order"]
    asked = _ids(e for e in house.events if e["data"].get("outcome") == "held")
    assert all(identity in parent.signals for identity in asked)
    assert house.states[parent.saga] is parent
    assert partition_of_saga(parent.saga) < PARTITIONS


def _ids(events: Iterable[dict[str, Any]]) -> set[str]:
    return {event["data"]["id"] for event in events if event["data"]["definition"] == "parent"}


def _input(state: State) -> dict[str, Any]:
    return {**state.data["input"], **state.changed}


def _one_of(house: House, chance: random.Random) -> None:
    places = [(m.topic, m.partition) for m in house.waiting]
    first = [i for i, place in enumerate(places) if place not in places[:i]]
    house.deliver(house.waiting.pop(chance.choice(first)))
