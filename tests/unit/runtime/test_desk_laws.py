"""What the desk owes to sagas that are not the plain case (DESIGN laws 1, 2, 8, 10 and 12)."""

# pylint: disable=unused-import  # the fixture ``desk`` is that of the other tests of the desk

from typing import Any

import pytest

from contracts.topics import DEAD_LETTERS, REPLIES, saga_id
from infra.broker.settings import BrokerSettings
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import canonical, version
from orchestrator.definition.words.builder import Saga
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import Parked, Sent
from orchestrator.engine.inputs import Start
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.runtime import desk as desks
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.office import Office
from orchestrator.runtime.plans import Plans
from orchestrator.runtime.states import Shelf
from tests.unit.runtime.test_desk import (
    BODY,
    PARTITIONS,
    Empty,
    Order,
    desk,  # noqa: F401
    reply,
    run,
    start,
)
from tests.world import definition, step

SAGA = saga_id(10, 2)


class Book(Empty):
    """A file that holds one saga and the definition it runs on."""

    def __init__(self, state: State) -> None:
        self.held = state

    def state(self, saga: int) -> State | None:
        return self.held if saga == self.held.saga else None

    def definition(self, version: str) -> bytes | None:
        return canonical(BODY) if version == self.held.version else None


def office(book: Empty, *known: Saga) -> Office:
    broker = BrokerSettings.local("127.0.0.1:1")
    return Office(broker, PARTITIONS, Plans(Catalogue(list(known)), book), book, Shelf())


def running() -> State:
    """A saga that waits for the reply of its first step."""
    plan = Plan(BODY)
    given = Start("s", 1, SAGA, plan.version, 1, "key", {"order": 1}, "")
    return decide(plan, None, given)[0]


def test_a_deploy_strands_no_running_saga() -> None:
    """It goes on with the version it began on, which only the log still has."""
    newer = definition(step("a"), step("new"))
    assert newer.name == BODY.name
    place = Desk(office(Book(running()), Saga(newer, Order, version(newer))), 2)
    place.open()
    out = run()
    place.reply(reply(SAGA), 5, out)
    (decided,) = out.decided
    assert [f.step for f in decided.sealed.transition.facts if isinstance(f, Sent)] == ["b"]


def test_a_reply_for_another_partition_is_forwarded(desk: Desk) -> None:  # noqa: F811
    """As it came, to the partition that the saga's id names."""
    out = run()
    record = reply(saga_id(3, 1))
    desk.reply(record, 5, out)
    assert [(a.topic, a.partition, a.record.value) for a in out.answers] == [
        (REPLIES, 1, record.value)
    ]


def test_what_was_thrown_away_is_not_decided_on(desk: Desk) -> None:  # noqa: F811
    """A saga whose start is in no log is nobody's: its replies find nothing."""
    desk.request(start(), 5, run())
    desk.open()
    out = run()
    desk.reply(reply(SAGA), 6, out)
    assert [answer.topic for answer in out.answers] == [DEAD_LETTERS]
    assert not out.records


def test_an_error_nobody_thought_of_buries_one_message(
    desk: Desk, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    """It is ours, not the message's, and yet no reason to stop reading."""

    def broken(_: Any) -> Any:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(desks, "read_reply", broken)
    monkeypatch.setattr(desks, "read_request", broken)
    out = run()
    try:
        desk.request(start(), 5, out)
        desk.reply(reply(SAGA), 6, out)
    except ZeroDivisionError:
        pytest.fail("the error of one message came out of the desk")
    assert [answer.topic for answer in out.answers] == [DEAD_LETTERS] * 2


def test_a_saga_that_nothing_wakes_goes_to_a_person() -> None:
    """Where going on does not give it a wake-up either."""
    stranded = running()
    stranded.steps = {name: _asleep(one) for name, one in stranded.steps.items()}
    assert not stranded.wake_at and stranded.status == "running"
    place = Desk(office(Book(stranded)), 2)
    place.open()
    out = run()
    place.reconcile(SAGA, 5, out)
    assert out.records
    last = list(out.decided)[-1]
    assert isinstance(last.sealed.transition.facts[-1], Parked)
    assert last.state.status == "needs_operator"


def _asleep(one: Any) -> Any:
    return type(one)("sent", one.direction, one.round, one.attempt, 0, one.since)
