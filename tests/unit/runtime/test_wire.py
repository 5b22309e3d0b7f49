"""What a transition says on the wire: the same whenever it is sent (DESIGN laws 3, 4 and 10)."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.topics import EVENTS, partition_of_saga, saga_id
from infra.broker.settings import BrokerSettings
from orchestrator.engine.decide import decide, park
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import Completed, Moved, Transition
from orchestrator.engine.inputs import Input, Repair, Reply, Start, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.runtime.messages import Outgoing
from orchestrator.runtime.told import outcome
from orchestrator.runtime.wire import Post, rendered
from tests.world import child, definition, step

POST = Post(BrokerSettings.local("127.0.0.1:1"), 2)
PLAN = Plan(definition(step("a"), step("b")))
SAGA = saga_id(7, 3)


def played(*inputs: Input) -> tuple[State, list[Transition]]:
    """A saga after these inputs, and its transitions."""
    state, told = None, list[Transition]()
    for given in (Start("s", 1, SAGA, PLAN.version, 1, "key", {"order": 1}, ""), *inputs):
        state, transition = decide(PLAN, state, given)
        told.append(transition)
    assert state is not None
    return state, told


def done(name: str) -> Reply:
    return Reply(f"r-{name}", 5, name, "do", 1, 1, "succeeded", {})


def commands(sent: list[Outgoing]) -> list[dict[str, Any]]:
    found = [json.loads(one.record.value or b"{}") for one in sent]
    return [message for message in found if "replypartition" in message]


def published(state: State, transition: Transition) -> list[dict[str, Any]]:
    """All that a transition sends."""
    return [json.loads(one.record.value or b"{}") for one in rendered(POST, state, transition)]


def moves(state: State, transition: Transition) -> list[tuple[str, str, int]]:
    """What is told of its steps: which one, where it stands now, in which attempt."""
    found = published(state, transition)
    data = [message["data"]["moves"] for message in found if message["type"] == "SagaProgressed"]
    return [(one["step"], one["phase"], one["attempt"]) for moves in data for one in moves]


def test_a_command_names_the_partition_of_its_reply() -> None:
    """That of the saga's id: nobody relies on somebody else's partitioner."""
    state, (start,) = played()
    (command,) = commands(rendered(POST, state, start))
    assert command["replypartition"] == partition_of_saga(SAGA) == 3


def test_an_undo_of_a_child_says_whose_work_it_undoes() -> None:
    """Else a participant, which has no do of it, would take it for an undo of nothing."""
    plan = Plan(definition(child("c", "compensatable"), step("b")))
    state, _ = decide(plan, None, Start("s", 1, SAGA, plan.version, 1, "key", {"order": 1}))
    state, _ = decide(plan, state, Reply("r-c", 5, "c", "do", 1, 1, "succeeded", {"ticket": 3}))
    refused = Reply("r-b", 6, "b", "do", 1, 1, "refused", {"code": "no"})
    state, turned = decide(plan, state, refused)
    (undo,) = commands(rendered(POST, state, turned))
    assert (undo["step"], undo["direction"], undo.get("child")) == ("c", "undo", "c")
    state, (start,) = played()
    assert "child" not in commands(rendered(POST, state, start))[0]


def test_a_child_that_is_asked_whether_it_goes_on_has_not_moved_until_it_was_repaired() -> None:
    plan = Plan(replace(definition(child("c")), progress=True))
    state, told = decide(plan, None, Start("s", 1, SAGA, plan.version, 1, "key", {"order": 1}))
    assert moves(state, told) == [("c", "sent", 1)]
    while state.steps["c"].attempt < 3:
        state, told = decide(plan, state, Wake("w", state.wake_at))
        assert not moves(state, told)
    state, _ = park(state, Wake("w", state.wake_at), None, "nobody knows")
    state, told = decide(plan, state, Repair("p", 9, "resume", "", "it is known", "ann"))
    assert moves(state, told) == [("c", "sent", 4)]


def test_what_is_sent_again_is_what_is_outstanding() -> None:
    """The command that is answered is not, the one that is out is, byte for byte."""
    state, (start, answered) = played(done("a"))
    assert not commands(rendered(POST, state, start, attempts=False))
    first = rendered(POST, state, answered)
    again = rendered(POST, state, answered, attempts=False)
    assert [c["step"] for c in commands(again)] == ["b"]
    assert [m.record.value for m in again] == [m.record.value for m in first]


def test_an_event_keeps_its_id() -> None:
    """Whoever has heard of the end knows it again."""
    state, told = played(done("a"), done("b"))
    ends = [fact for fact in told[-1].facts if isinstance(fact, Completed)]
    assert len(ends) == 1
    once = outcome(state, told[-1], ends[0])
    again = outcome(state, told[-1], Completed())
    assert once.topic == EVENTS
    assert once.record.value == again.record.value


def test_the_turn_is_told_before_what_is_in_flight_settles() -> None:
    def turning(progress: bool) -> list[dict[str, Any]]:
        plan = Plan(replace(definition(step("a")), deadline_ms=100, progress=progress))
        state, _ = decide(plan, None, Start("s", 1, SAGA, plan.version, 1, "key", {"order": 1}))
        state, told = decide(plan, state, Wake("w", state.wake_at))
        assert state.steps["a"].phase == "sent"
        return published(state, told)

    told = turning(progress=True)
    assert [(one["type"], one["id"]) for one in told] == [("SagaTurned", f"1/{SAGA}/turned")]
    assert told[0]["data"] == {
        "definition": "test",
        "code": "deadline_exceeded",
        "reason": "deadline exceeded",
        "status": 504,
        "parent": 0,
    }
    assert not turning(progress=False)


@pytest.mark.parametrize("progress", [True, False])
def test_what_a_person_decides_is_told_with_who_and_why(progress: bool) -> None:
    plan = Plan(replace(definition(step("a", "pivot")), progress=progress))
    state, _ = decide(plan, None, Start("s", 1, SAGA, plan.version, 1, "key", {"order": 1}))
    while state.steps["a"].phase != "stuck":
        state, _ = decide(plan, state, Wake("w", state.wake_at))
    repair = Repair("r1", state.updated_at, "retry", "a", "carrier back", "ann")
    state, told = decide(plan, state, repair)
    events = [m for m in published(state, told) if m["type"].startswith("Saga")]
    if not progress:
        assert not events
        return
    assert [m["type"] for m in events] == ["SagaRepaired", "SagaProgressed"]
    assert events[0]["data"] == {
        "definition": "test",
        "action": "retry",
        "step": "a",
        "direction": "do",
        "by": "ann",
        "reason": "carrier back",
        "parent": 0,
    }
    fact = Moved("v2", "m1", "mended", "ann")
    moved = Transition(SAGA, state.number + 1, 9, "m1", (fact,))
    (one,) = published(evolve(state, moved), moved)
    assert (one["type"], one["id"]) == ("SagaMoved", f"1/{SAGA}/{moved.number}/moved")
    who = {"by": "ann", "reason": "mended", "parent": 0}
    assert one["data"] == {"definition": "test", "version": "v2", **who}


def test_the_moves_of_one_decision_are_one_event_unless_the_turn_stands_between_them() -> None:
    plan = Plan(replace(definition(step("a", "compensatable"), step("b")), progress=True))
    state, _ = decide(plan, None, Start("s", 1, SAGA, plan.version, 1, "key", {"order": 1}))
    state, told = decide(plan, state, done("a"))
    (both,) = [m for m in published(state, told) if m["type"] == "SagaProgressed"]
    assert [(one["step"], one["phase"]) for one in both["data"]["moves"]] == [
        ("a", "done"),
        ("b", "sent"),
    ]
    state, told = decide(plan, state, Reply("r-b", 6, "b", "do", 1, 1, "refused", {"code": "no"}))
    told_of = [m for m in published(state, told) if m["type"].startswith("Saga")]
    assert [m["type"] for m in told_of] == ["SagaProgressed", "SagaTurned", "SagaProgressed"]
    assert len({m["id"] for m in told_of}) == 3
    phases = [m["data"]["moves"][0]["phase"] for m in (told_of[0], told_of[2])]
    assert phases == ["refused", "sent"]
