"""A saga and its child, each at the desk of its partition, and the messages between them in any
order, late and twice (DESIGN laws 4 and 10).
"""

import random
from collections.abc import Iterable
from typing import Any

import pytest

from contracts.topics import EVENTS, REQUESTS, partition_of_saga
from orchestrator.engine.state import State
from orchestrator.runtime.wire import rendered
from tests.unit.runtime.families import CHILD, PARENT, PARTITIONS, POST, House, named
from tests.world import child, definition, step


@pytest.fixture
def house() -> House:
    """A parent and its child, known."""
    return House(PARENT, CHILD)


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


def test_asked_again_it_is_the_same_child(house: House) -> None:
    """Attempts of a round share their key."""
    house.begin()
    house.run(hold="dispatch")
    house.wake("parent")
    house.wake("parent")
    house.run()
    assert (house.named("kid").mode, house.named("parent").mode) == ("completed", "completed")


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
    made = named(
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
