"""A child saga as a step: asked until it has ended, stopped with its parent."""

import pytest

from orchestrator.definition.nodes import Call
from orchestrator.engine.facts import (
    Failed,
    Failing,
    Halted,
    Sent,
    SignalHeld,
    SignalRefused,
    Succeeded,
    Transition,
)
from orchestrator.engine.inputs import Parent, Start, Wake
from orchestrator.engine.state import State
from tests.world import World, child, parallel, step, wait, world


def state(saga: World) -> State:
    assert saga.state is not None
    return saga.state


def kinds(transition: Transition) -> list[str]:
    return [type(fact).__name__ for fact in transition.facts]


def one(transition: Transition, kind: type) -> object:
    (fact,) = [fact for fact in transition.facts if isinstance(fact, kind)]
    return fact


def deciding(deadline_ms: int = 0) -> World:
    """A saga whose child has the point of no return, and runs."""
    saga = world(step("a"), child("c"), step("r", "retriable"), deadline_ms=deadline_ms)
    saga.answer("a")
    return saga


def test_its_end_is_the_reply() -> None:
    saga = deciding()
    asked = saga.commands[-1]
    assert (asked.command, asked.topic, asked.data) == ("c", "saga.requests", {"order": 7})
    assert kinds(saga.of_child("c", "succeeded", ticket=3)) == ["Succeeded", "Sent"]
    assert state(saga).data["c"] == {"ticket": 3}
    saga.answer("r")
    assert state(saga).mode == "completed"


@pytest.mark.parametrize("how", ["succeeded", "refused"])
def test_told_again_when_all_is_over_it_says_nothing_new(how: str) -> None:
    saga = deciding()
    saga.of_child("c", how, ticket=3)
    while state(saga).open:
        saga.answer("r" if how == "succeeded" else "a")
    over = state(saga)
    again = saga.of_child("c", how, ticket=3)
    assert (kinds(again), state(saga)) == ([], over)
    late = saga.of_child("c", "answered", signal="s-1", why="ended")
    assert kinds(late) == ["Ignored"], "that is no end"


def test_its_failure_comes_back_as_the_reason() -> None:
    saga = deciding()
    told = saga.of_child("c", "refused", code="deadline_exceeded", reason="too slow", status=504)
    failing = one(told, Failing)
    assert isinstance(failing, Failing)
    assert (failing.code, failing.reason, failing.status) == (
        "deadline_exceeded",
        "c: too slow",
        504,
    )
    last = saga.answer("a")
    failed = one(last, Failed)
    assert isinstance(failed, Failed)
    assert (failed.code, failed.undone) == ("deadline_exceeded", ("a",))


def test_it_is_asked_again_until_it_has_ended_and_never_given_up() -> None:
    saga = deciding()
    for attempt in range(2, 40):
        saga.wake()
        saga.wake()
        assert saga.commands[-1].attempt == attempt
    assert state(saga).status == "running"
    saga.of_child("c", "succeeded", ticket=3)
    assert state(saga).steps["r"].phase == "sent"


def test_a_cancel_is_for_the_child_to_decide() -> None:
    saga = deciding()
    told = saga.tell("cancel", "s-1")
    held = one(told, SignalHeld)
    assert isinstance(held, SignalHeld)
    assert (held.step, held.round, held.id) == ("c", 1, "s-1")
    assert (state(saga).signals, state(saga).mode) == ({}, "forward")
    assert kinds(saga.tell("cancel", "s-1")) == ["Ignored"], "it is held already"
    assert kinds(saga.of_child("c", "answered", signal="s-1", why="")) == ["Signalled", "Failing"]
    assert state(saga).mode == "settling"
    why = state(saga).reason
    saga.of_child("c", "refused", code="cancelled", reason=why, status=409)
    last = saga.answer("a")
    failed = one(last, Failed)
    assert isinstance(failed, Failed)
    assert (failed.code, failed.status) == ("cancelled", 409)
    assert failed.reason == why, "what the child repeats is said once"
    assert saga.left() == set()


def test_a_child_past_its_own_point_of_no_return_refuses() -> None:
    saga = deciding()
    saga.tell("cancel", "s-1")
    told = saga.of_child("c", "answered", signal="s-1", why="there is no way back any more")
    assert kinds(told) == ["SignalRefused"]
    assert state(saga).signals == {"s-1": "there is no way back any more"}
    saga.of_child("c", "succeeded", ticket=3)
    told = saga.tell("cancel", "s-2")
    assert one(told, SignalRefused).why == (  # type: ignore[attr-defined]
        "there is no way back any more: c has been commanded"
    )


def test_what_is_held_is_told_again_with_every_asking() -> None:
    saga = deciding()
    saga.tell("cancel", "s-1")
    saga.wake()
    assert kinds(saga.wake()) == ["Sent", "SignalHeld"]
    assert len(state(saga).held) == 1


def test_a_child_that_ends_before_it_is_told_has_refused() -> None:
    saga = deciding()
    saga.tell("cancel", "s-1")
    told = saga.of_child("c", "succeeded", ticket=3)
    assert kinds(told) == ["Succeeded", "SignalRefused", "Sent"]
    assert state(saga).held == ()
    assert kinds(saga.of_child("c", "answered", signal="s-1", why="ended")) == ["Ignored"]


def test_a_child_that_fails_by_itself_leaves_no_signal_held() -> None:
    saga = deciding()
    saga.tell("cancel", "s-1")
    told = saga.of_child("c", "refused", code="no", reason="no truck")
    assert kinds(told) == ["Refused", "Failing", "SignalRefused", "Compensating", "Sent"]


def test_the_deadline_is_handed_down() -> None:
    saga = deciding(deadline_ms=5_000)
    asked = one(saga.log[-1], Sent)
    assert isinstance(asked, Sent)
    assert asked.until == 6_000
    assert (state(saga).delegated, state(saga).deadline) == ("c", 6_000)
    saga.at = 60_000
    assert kinds(saga.take(Wake("wake", saga.at))) == ["Faulted"], "asked again, not undone"
    told = saga.of_child("c", "succeeded", ticket=3)
    assert kinds(told) == ["Succeeded", "Late", "Sent"], "in time or not is ours to say again"
    assert state(saga).delegated == ""


@pytest.mark.parametrize("mode", ["cancel", "sibling", "deadline"])
def test_a_child_that_can_be_undone_is_stopped_with_its_parent(mode: str) -> None:
    saga = world(step("a"), parallel(child("c", "compensatable"), step("b")), deadline_ms=900)
    saga.answer("a")
    if mode == "cancel":
        told = saga.tell("cancel")
    elif mode == "sibling":
        told = saga.answer("b", "refused")
    else:
        told = saga.wake()
    assert isinstance(one(told, Halted), Halted)
    assert state(saga).steps["c"].waits, "it settles by its own end"
    if mode != "sibling":
        saga.answer("b")
    assert state(saga).mode == "settling"
    saga.of_child("c", "refused", code="cancelled", reason="stopped", status=409)
    undos = [c.step for c in saga.commands if c.direction == "undo"]
    assert "c" not in undos
    assert state(saga).mode == "compensating"


def test_a_child_that_could_not_be_stopped_is_undone() -> None:
    saga = world(step("a"), parallel(child("c", "compensatable"), step("b")))
    saga.answer("a")
    saga.answer("b", "refused")
    assert kinds(saga.of_child("c", "succeeded", ticket=3)) == ["Succeeded", "Compensating", "Sent"]
    assert (saga.commands[-1].step, saga.commands[-1].direction) == ("c", "undo")
    assert saga.commands[-1].topic == "t.commands"
    assert saga.commands[-1].child == "c", "the participant is told that it has no do of it"


def test_its_undo_is_filled_from_its_answer() -> None:
    undo = Call("Undoc", "t.commands", {"ticket": "c.ticket"})
    saga = world(child("c", "compensatable", undo=undo), step("b"))
    saga.of_child("c", "succeeded", ticket=3)
    saga.answer("b", "refused")
    assert (saga.commands[-1].command, saga.commands[-1].data) == ("Undoc", {"ticket": 3})


def test_while_it_settles_it_is_asked_and_stopped_again() -> None:
    saga = world(parallel(child("c", "compensatable"), step("b")))
    saga.answer("b", "refused")
    saga.wake()
    assert state(saga).steps["c"].phase == "pausing"
    assert kinds(saga.wake()) == ["Sent", "Halted"]


def test_a_pausing_child_is_no_unknown_outcome_when_the_saga_turns() -> None:
    saga = world(parallel(child("c", "compensatable"), step("b", timeout_ms=60_000)))
    saga.wake()
    assert state(saga).steps["c"].phase == "pausing"
    saga.answer("b", "refused")
    assert (state(saga).steps["c"].phase, state(saga).mode) == ("pausing", "settling")


def test_an_incomplete_result_is_asked_for_again() -> None:
    saga = deciding()
    assert kinds(saga.of_child("c", "succeeded")) == ["Faulted"]


def test_an_answer_to_nothing_changes_nothing() -> None:
    saga = deciding()
    assert kinds(saga.of_child("c", "answered", signal="s-9", why="")) == ["Ignored"]
    saga.of_child("c", "succeeded", ticket=1)
    assert kinds(saga.of_child("c", "answered", signal="s-9", why="")) == ["Ignored"]


def test_a_wait_takes_no_reply() -> None:
    saga = world(wait("w"), step("b"))
    assert kinds(saga.of_child("w", "succeeded")) == ["Ignored"]


def test_a_child_knows_its_parent_and_its_deadline() -> None:
    saga = world(step("a"), deadline_ms=5_000)
    saga.state, saga.log = None, []
    parent = Parent(5 << 10, "c", 1)
    plan = saga.plan
    start = Start("start", 1_000, 1024, plan.version, 1, "key", {"order": 7}, "", parent, 3_000)
    saga.take(start)
    assert (state(saga).parent, state(saga).deadline) == (parent, 3_000)
    told = saga.answer("a")
    assert isinstance(told.facts[0], Succeeded)
    assert state(saga).mode == "completed"
