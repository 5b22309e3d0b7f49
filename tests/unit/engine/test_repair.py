"""What becomes of a saga that stands still: undo that fails, operators, parking (laws 1, 4, 7)."""

import pytest

from orchestrator.definition.nodes import Call
from orchestrator.engine.decide import decide, park, started_fact
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import (
    Completed,
    Failed,
    Ignored,
    Repaired,
    Sent,
    Stuck,
)
from orchestrator.engine.inputs import Start
from orchestrator.engine.plan import Plan
from tests.facts import again, kinds, only
from tests.world import UNDO_ATTEMPTS, World, definition, parallel, step, world


def test_an_undo_that_fails_is_retried_then_a_person_is_called_and_retries() -> None:
    saga = world(step("a"), step("b"))
    saga.answer("a")
    saga.answer("b", "refused")
    for _ in range(UNDO_ATTEMPTS - 1):
        assert kinds(saga.answer("a", "failed")) == ["Faulted"]
        saga.wake()
    stuck = only(saga.answer("a", "failed"), Stuck)
    assert isinstance(stuck, Stuck) and (stuck.step, stuck.direction) == ("a", "undo")
    assert saga.state is not None and saga.state.status == "needs_operator"
    assert saga.state.wake_at == 0
    sent = only(saga.repair("retry"), Sent)
    assert isinstance(sent, Sent) and (sent.round, sent.attempt) == (1, UNDO_ATTEMPTS + 1)
    assert kinds(saga.answer("a", "failed")) == ["Faulted"], "the operator grants a fresh policy"
    saga.wake()
    assert kinds(saga.answer("a")) == ["Succeeded", "Failed", "Emitted"]


def test_a_refused_undo_is_retried_in_a_new_round() -> None:
    saga = world(step("a"), step("b"))
    saga.answer("a")
    saga.answer("b", "refused")
    assert kinds(saga.answer("a", "refused")) == ["Refused", "Stuck"]
    sent = only(saga.repair("retry"), Sent)
    assert isinstance(sent, Sent) and (sent.round, sent.attempt) == (2, 1)
    stale = again(saga, "a", direction="undo", round=1)
    ignored = only(saga.take(stale), Ignored)
    assert isinstance(ignored, Ignored) and "round 1" in ignored.why
    saga.answer("a")
    assert not saga.left()


def test_an_undo_is_skipped_with_a_reason_and_the_end_says_so() -> None:
    saga = world(step("a"), step("b"), step("c"))
    saga.answer("a")
    saga.answer("b")
    saga.answer("c", "refused")
    saga.answer("b", "refused")
    skipped = saga.repair("skip", "b")
    repaired = only(skipped, Repaired)
    assert isinstance(repaired, Repaired) and repaired.reason == "because"
    failed = only(saga.answer("a"), Failed)
    assert isinstance(failed, Failed)
    assert (failed.undone, failed.skipped) == (("a",), ("b",))


def test_a_repair_twice_is_one_and_a_wrong_one_says_why() -> None:
    saga = world(step("a"), step("b", "retriable"))
    saga.answer("a")
    assert kinds(saga.repair("retry")) == ["Ignored"], "nothing stands still"
    saga.answer("b", "refused")
    assert kinds(saga.repair("retry", "a")) == ["Ignored"]
    assert kinds(saga.repair("retry", "b", request="r1")) == ["Repaired", "Sent"]
    saga.answer("b", "refused")
    assert kinds(saga.repair("retry", "b", request="r1")) == ["Ignored"]


def test_several_stuck_steps_must_be_named_or_resumed_together() -> None:
    saga = world(parallel(step("a", "retriable"), step("b", "retriable")))
    saga.answer("a", "refused")
    saga.answer("b", "refused")
    ignored = only(saga.repair("skip"), Ignored)
    assert isinstance(ignored, Ignored) and "a, b" in ignored.why
    resumed = saga.repair("resume")
    assert [f.step for f in resumed.facts if isinstance(f, Sent)] == ["a", "b"]


def test_past_the_pivot_a_retriable_is_never_undone_but_calls_a_person() -> None:
    saga = world(step("a"), step("p", "pivot"), step("r", "retriable"))
    saga.answer("a")
    saga.answer("p")
    assert kinds(saga.answer("r", "refused")) == ["Refused", "Stuck"]
    sent = only(saga.repair("retry"), Sent)
    assert isinstance(sent, Sent) and sent.round == 2
    assert kinds(saga.answer("r"))[-2:] == ["Completed", "Emitted"]


def test_a_step_whose_reply_is_needed_cannot_be_skipped() -> None:
    needy = step("b", "retriable", do=Call("Dob", "t.commands", {"x": "a.y"}))
    saga = world(step("a", "retriable"), needy)
    saga.answer("a", "refused")
    ignored = only(saga.repair("skip"), Ignored)
    assert isinstance(ignored, Ignored) and "Dob" in ignored.why


def test_a_forward_step_that_nobody_reads_can_be_skipped() -> None:
    saga = world(step("a", "retriable"), step("b", "retriable"))
    saga.answer("a", "refused")
    assert [f.step for f in saga.repair("skip").facts if isinstance(f, Sent)] == ["b"]
    assert kinds(saga.answer("b"))[-2:] == ["Completed", "Emitted"]


def test_a_saga_that_cannot_be_decided_is_parked_and_resumes() -> None:
    saga = world(step("a"))
    reply = saga.handle(saga.commands[0])
    before = saga.state
    saga.state, transition = park(before, reply, None, "KeyError: 'x'")
    assert kinds(transition) == ["Parked"] and evolve(before, transition) == saga.state
    assert saga.state.status == "needs_operator" and saga.state.wake_at == 0
    assert kinds(saga.take(reply)) == ["Ignored"]
    assert kinds(saga.repair("retry")) == ["Ignored"]
    assert kinds(saga.repair("resume")) == ["Repaired", "Repaired", "Sent"]
    assert saga.answer("a").facts[-2:][0] == Completed()


def test_a_start_that_cannot_be_decided_is_parked_and_resumes_from_its_first_step() -> None:
    broken = step("a", do=Call("Doa", "t.commands", {"x": "input.nothing"}))
    plan = Plan(definition(broken))
    start = Start("s", 5, 1024, plan.version, 1, "key", {"order": 7})
    with pytest.raises(KeyError):
        decide(plan, None, start)
    state, transition = park(None, start, started_fact(plan, start), "KeyError: 'nothing'")
    assert kinds(transition) == ["Started", "Parked"] and evolve(None, transition) == state
    saga = World(Plan(definition(step("a"))), state=state, log=[transition])
    assert kinds(saga.repair("resume")) == ["Repaired", "Emitted", "Sent"]
