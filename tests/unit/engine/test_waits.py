"""Waits: a signal or the clock, whichever is first."""

import pytest

from orchestrator.definition.nodes import canonical, parse
from orchestrator.engine.facts import Failed, Refused, SignalRefused, Succeeded, Transition
from orchestrator.engine.inputs import Wake
from orchestrator.engine.state import State
from tests.world import World, parallel, step, wait, world


def state(saga: World) -> State:
    assert saga.state is not None
    return saga.state


def kinds(transition: Transition) -> list[str]:
    return [type(fact).__name__ for fact in transition.facts]


def refused(transition: Transition) -> str:
    (fact,) = transition.facts
    assert isinstance(fact, SignalRefused)
    return fact.why


def test_a_yes_goes_on_and_its_data_are_the_reply() -> None:
    saga = world(step("a"), wait("w"), step("b"))
    assert kinds(saga.answer("a")) == ["Succeeded", "Waited"]
    assert (state(saga).status, state(saga).wake_at) == ("running", saga.at + 10_000)
    told = saga.tell("w", yes=True, note="fine")
    assert kinds(told) == ["Signalled", "Succeeded", "Sent"]
    assert isinstance(told.facts[1], Succeeded)
    assert told.facts[1].data == {"yes": True, "note": "fine", "by": "ann", "reason": "because"}
    assert state(saga).data["w"]["by"] == "ann"
    saga.answer("b")
    assert state(saga).mode == "completed"


def test_a_no_undoes_what_was_done() -> None:
    saga = world(step("a"), wait("w"), step("b"))
    saga.answer("a")
    told = saga.tell("w", yes=False)
    assert kinds(told) == ["Signalled", "Refused", "Failing", "Compensating", "Sent"]
    last = saga.answer("a")
    failed = next(fact for fact in last.facts if isinstance(fact, Failed))
    assert (failed.code, failed.status, failed.undone) == ("rejected", 409, ("a",))
    assert failed.reason.startswith("w: rejected by ann: because")
    assert saga.left() == set()


@pytest.mark.parametrize("said", [None, 1, "yes", {}])
def test_only_true_is_a_yes(said: object) -> None:
    saga = world(wait("w"), step("b"))
    saga.tell("w", yes=said)
    assert state(saga).code == "rejected"


def test_nobody_decides_in_time() -> None:
    saga = world(step("a"), wait("w"))
    saga.answer("a")
    told = saga.wake()
    assert isinstance(told.facts[0], Refused)
    assert told.facts[0].reason == "nobody has decided within 10 s"
    assert state(saga).mode == "compensating"


def test_the_clock_may_say_yes() -> None:
    saga = world(wait("w", expires="done", data={"yes": True}, timeout_ms=2_000), step("b"))
    assert kinds(saga.wake()) == ["Succeeded", "Sent"]
    assert state(saga).data["w"] == {"yes": True, "by": "timer", "reason": ""}
    assert refused(saga.tell("w", yes=False)) == "w has been decided already: done"


def test_only_the_clock_counts_where_there_is_no_signal() -> None:
    saga = world(wait("w", signal="", required=(), accepts="", expires="done"), step("b"))
    assert refused(saga.tell("w", yes=True)) == "test takes no signal w"
    saga.wake()
    assert state(saga).steps["b"].phase == "sent"


def test_a_wake_up_before_its_time_decides_nothing() -> None:
    saga = world(wait("w"), step("b"))
    assert not saga.take(Wake("wake", saga.at + 9_999)).facts
    assert state(saga).steps["w"].phase == "waiting"


def test_a_signal_too_early_too_late_or_incomplete_is_refused() -> None:
    saga = world(step("a"), wait("w"), step("b"))
    assert refused(saga.tell("w", "s-1", yes=True)) == "w is not waited for yet"
    saga.answer("a")
    assert refused(saga.tell("w", "s-2")) == "it lacks yes"
    saga.tell("w", "s-3", yes=True)
    assert kinds(saga.tell("w", "s-3", yes=False)) == ["Ignored"], "the same signal is one"
    assert refused(saga.tell("w", "s-4", yes=False)) == "w has been decided already: done"
    assert state(saga).signals["s-3"] == ""


def test_a_cancel_while_it_waits() -> None:
    saga = world(step("a"), wait("w"), step("b"))
    saga.answer("a")
    assert kinds(saga.tell("cancel")) == ["Signalled", "Failing", "Compensating", "Sent"]
    assert (state(saga).steps["w"].phase, state(saga).steps["w"].due) == ("dropped", 0)
    assert refused(saga.tell("w", "s-2", yes=True)).startswith("the saga is being undone already")
    saga.answer("a")
    assert state(saga).mode == "failed"


def test_beside_a_branch_that_fails_nothing_is_waited_for_any_more() -> None:
    saga = world(step("a"), parallel(wait("w"), step("b")))
    saga.answer("a")
    saga.answer("b", "refused")
    assert state(saga).steps["w"].phase == "dropped"
    assert state(saga).mode == "compensating"


def test_beside_a_wait_the_other_branch_goes_on() -> None:
    saga = world(parallel(wait("w"), (step("a"), step("b"))), step("c"))
    saga.answer("a")
    saga.answer("b")
    assert "c" not in state(saga).steps
    saga.tell("w", yes=True)
    assert state(saga).steps["c"].phase == "sent"


def test_the_deadline_stands_still_while_a_person_is_waited_for() -> None:
    saga = world(step("a"), wait("w", person=True), step("b"), deadline_ms=5_000)
    saga.at += 1_000
    saga.answer("a")
    assert state(saga).person_since == saga.at
    assert state(saga).wake_at == saga.at + 10_000, "its own limit, and no deadline"
    saga.at += 9_000
    assert not saga.take(Wake("wake", saga.at)).facts
    saga.tell("w", yes=True)
    assert (state(saga).deadline, state(saga).person_since) == (1_000 + 5_000 + 9_000, 0)


def test_two_persons_are_waited_for_until_the_last_has_decided() -> None:
    body = parallel(wait("v", person=True), wait("w", person=True))
    saga = world(body, step("b"), deadline_ms=5_000)
    saga.at += 1_000
    saga.tell("v", "s-1", yes=True)
    assert state(saga).person_since
    saga.at += 1_000
    saga.tell("w", "s-2", yes=True)
    assert (state(saga).deadline, state(saga).person_since) == (8_000, 0)


def test_without_a_person_the_deadline_passes_in_a_wait() -> None:
    saga = world(step("a"), wait("w"), step("b"), deadline_ms=5_000)
    saga.answer("a")
    assert kinds(saga.wake())[0] == "Failing"
    assert state(saga).code == "deadline_exceeded"


def test_after_the_point_of_no_return_it_only_delays() -> None:
    late = wait("w", accepts="", expires="done", refusals={})
    saga = world(step("a"), step("p", "pivot"), late, step("r", "retriable"))
    saga.answer("a")
    saga.answer("p")
    assert refused(saga.tell("cancel")).startswith("there is no way back any more: p")
    saga.wake()
    saga.answer("r")
    assert state(saga).mode == "completed"


def test_a_wait_of_a_parked_saga_goes_on_once_it_is_resumed() -> None:
    saga = world(step("a"), wait("w"), step("b"))
    saga.answer("a")
    state(saga).parked = "broken"
    assert refused(saga.tell("w", yes=True)).startswith("the saga is parked")
    saga.repair("resume")
    assert state(saga).steps["w"].phase == "waiting"
    saga.tell("w", "s-2", yes=True)
    assert state(saga).steps["b"].phase == "sent"


def test_it_is_part_of_the_version() -> None:
    saga = world(wait("w"), step("b"))
    raw = canonical(saga.plan.definition)
    assert canonical(parse(raw)) == raw
