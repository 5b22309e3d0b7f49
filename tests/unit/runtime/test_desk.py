"""The decide stage of one partition (DESIGN laws 1, 4, 8 and 10)."""

import json
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from contracts.topics import (
    DEAD_LETTERS,
    EVENTS,
    REPLIES,
    REQUESTS,
    partition_of_start,
    saga_id,
)
from infra.broker.settings import BrokerSettings
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import version
from orchestrator.definition.words.builder import Saga
from orchestrator.engine import decide as engine
from orchestrator.engine.facts import Parked, Transition
from orchestrator.engine.rollouts import Rollout
from orchestrator.engine.state import State
from orchestrator.runtime import desk as desks
from orchestrator.runtime.decisions import Decided, Decisions, Defined
from orchestrator.runtime.desk import Desk, Office
from orchestrator.runtime.messages import Outgoing
from orchestrator.runtime.plans import Plans
from orchestrator.runtime.states import Shelf
from orchestrator.sagalog.rows import SagaRow
from tests.world import definition, step

PARTITIONS = 4


class Order(BaseModel):
    """The input."""

    order: int


class Read(NamedTuple):
    """A record as consumed."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Empty:
    """A file that holds nothing."""

    # pylint: disable=unused-argument  # the questions are those to a file that holds something

    def state(self, saga: int) -> State | None:
        """No saga."""
        return None

    def by_key(self, tenant: int, definition: str, key: str) -> SagaRow | None:
        """No saga."""
        return None

    def load(self, saga: int) -> list[Transition]:
        """No saga."""
        return []

    def last_sequence(self, partition: int) -> int:
        """As if nine had been."""
        return 9

    def versions(self, partition: int) -> set[str]:
        """None."""
        return set()

    def definition(self, version: str) -> bytes | None:
        """None."""
        return None

    def rollouts(self, partition: int) -> list[Rollout]:
        """None."""
        return []


BODY = definition(step("a"), step("b"))
SAGA = Saga(BODY, Order, version(BODY))
KEY = next(
    key for key in map(str, range(100)) if partition_of_start(1, BODY.name, key, PARTITIONS) == 2
)


@pytest.fixture
def desk() -> Desk:
    """The desk of partition 2."""
    book = Empty()
    broker = BrokerSettings.local("127.0.0.1:1")
    made = Desk(Office(broker, PARTITIONS, Plans(Catalogue([SAGA]), book), book, Shelf()), 2)
    made.open()
    return made


def start(key: str = KEY, order: Any = 1, name: str = BODY.name, **changes: Any) -> Read:
    """A start."""
    message = {
        "specversion": "1.0",
        "id": f"id-{key}",
        "source": "t",
        "type": "saga.start",
        "tenant": "1",
        "requestkey": key,
        "data": {"definition": name, "input": {"order": order}},
    }
    return Read(REQUESTS, 2, 0, 0, None, json.dumps({**message, **changes}).encode())


def reply(saga: int, **changes: Any) -> Read:
    """A reply."""
    message = {
        "specversion": "1.0",
        "id": "r",
        "source": "t",
        "type": "Done",
        "tenant": "1",
        "saga": str(saga),
        "step": "a",
        "direction": "do",
        "round": 1,
        "attempt": 1,
        "outcome": "succeeded",
        "data": {},
    }
    return Read(REPLIES, 2, 0, 0, None, json.dumps({**message, **changes}).encode())


def run() -> Decisions:
    """An empty run."""
    return Decisions("e", 0, -1)


def answered(out: Decisions) -> Outgoing:
    """The only answer."""
    assert len(out.answers) == 1
    return out.answers[0]


def answer(out: Decisions) -> tuple[str, dict[str, Any]]:
    """The only answer: its topic and its message."""
    only = answered(out)
    return only.topic, json.loads(only.record.value or b"{}")


def test_a_start_mints_an_id_that_names_its_partition(desk: Desk) -> None:
    """The definition stands before the first saga of its version, once."""
    out = run()
    desk.request(start(), 5, out)
    assert [type(entry) for entry in out.entries] == [Defined, Decided]
    (decided,) = out.decided
    assert decided.state.saga == saga_id(10, 2)
    other = next(
        key
        for key in map(str, range(100, 200))
        if partition_of_start(1, BODY.name, key, PARTITIONS) == 2
    )
    desk.request(start(other), 5, out)
    assert len(out.entries) == 3


def test_the_same_key_is_the_same_saga_before_it_is_confirmed(desk: Desk) -> None:
    """Nothing more to say for the same body; another one is refused."""
    out = run()
    desk.request(start(), 5, out)
    again = run()
    desk.request(start(), 6, again)
    assert again.empty
    desk.request(start(order=2), 7, again)
    topic, event = answer(again)
    assert (topic, event["data"]["status"], event["data"]["code"]) == (EVENTS, 422, "key_reused")
    assert again.refusals[0].key == KEY


def test_what_was_thrown_away_is_minted_again(desk: Desk) -> None:
    """The desk begins anew on what SQLite holds."""
    desk.request(start(), 5, run())
    desk.open()
    out = run()
    desk.request(start(), 6, out)
    (decided,) = out.decided
    assert decided.state.saga == saga_id(10, 2)


def test_a_start_for_another_partition_is_forwarded(desk: Desk) -> None:
    """As it came."""
    other = next(
        key
        for key in map(str, range(100))
        if partition_of_start(1, BODY.name, key, PARTITIONS) == 3
    )
    out = run()
    desk.request(start(other), 5, out)
    only = answered(out)
    assert (only.topic, only.partition, only.record.value) == (REQUESTS, 3, start(other).value)


@pytest.mark.parametrize(
    "record",
    [
        reply(saga_id(1, 2)),
        reply(saga_id(1, 1000)),
        reply(saga_id(10, 2), tenant="7"),
        Read(REPLIES, 2, 0, 0, None, None),
        Read(REPLIES, 2, 0, 0, None, b"[]"),
        reply(saga_id(10, 2), round=0),
    ],
)
def test_replies_that_belong_to_nobody(desk: Desk, record: Read) -> None:
    """Unknown, of another account, unreadable: raw to the dead letters."""
    desk.request(start(), 5, run())
    out = run()
    desk.reply(record, 6, out)
    only = answered(out)
    assert (only.topic, only.record.value) == (DEAD_LETTERS, record.value)


def test_a_reply_twice_is_ignored_and_said(desk: Desk) -> None:
    """The second one changes nothing."""
    out = run()
    desk.request(start(), 5, out)
    desk.reply(reply(saga_id(10, 2)), 6, out)
    desk.reply(reply(saga_id(10, 2)), 7, out)
    kinds = [[type(f).__name__ for f in d.sealed.transition.facts] for d in out.decided]
    assert kinds[1] == ["Succeeded", "Sent"]
    assert kinds[2] == ["Ignored"]


def test_a_decide_that_raises_parks_that_saga(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no other."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(desks, "decide", broken)
    out = run()
    desk.request(start(), 5, out)
    (decided,) = out.decided
    assert decided.state.status == "needs_operator"
    assert isinstance(decided.sealed.transition.facts[-1], Parked)
    monkeypatch.setattr(desks, "decide", engine.decide)
    desk.reply(reply(saga_id(10, 2)), 6, out)
    assert not out.answers


def test_a_wake_up_waits_for_decisions_under_way(desk: Desk) -> None:
    """A saga with an unconfirmed decision is woken by the commit of that one."""
    out = run()
    desk.request(start(), 5, out)
    late = run()
    desk.woken(saga_id(10, 2), 1_000_000, late)
    assert late.empty
    desk.committed(out)
    desk.woken(saga_id(10, 2), 1_000_000, late)
    first = late.decided[0].sealed.transition.facts[0]
    assert type(first).__name__ == "Faulted"
