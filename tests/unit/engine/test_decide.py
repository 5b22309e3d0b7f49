"""One behaviour of the engine at a time, on small definitions."""

import pytest

from orchestrator.definition.nodes import Call, Retry
from orchestrator.engine.decide import Undecidable, decide, park
from orchestrator.engine.evolve import NotAState, evolve
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Failed,
    Failing,
    Faulted,
    Ignored,
    Parked,
    Refused,
    Sent,
    Succeeded,
    Transition,
)
from orchestrator.engine.inputs import Start, Wake
from tests.facts import again, kinds, only
from tests.world import parallel, step, world


def test_a_start_tells_the_event_and_sends_the_first_command() -> None:
    saga = world(step("a"), step("b"))
    assert kinds(saga.log[0]) == ["Started", "Emitted", "Sent"]
    sent = saga.commands[0]
    assert (sent.step, sent.round, sent.attempt, sent.data) == ("a", 1, 1, {"order": 7})
    assert sent.deadline == saga.at + 1_000


def test_steps_follow_each_other_and_parallel_ones_start_together() -> None:
    saga = world(step("a"), parallel(step("b"), (step("c"), step("d"))), step("e"))
    assert [c.step for c in saga.commands] == ["a"]
    saga.answer("a")
    assert [c.step for c in saga.commands] == ["a", "b", "c"]
    saga.answer("b")
    saga.answer("c")
    assert [c.step for c in saga.commands] == ["a", "b", "c", "d"]
    saga.answer("d")
    assert saga.commands[-1].step == "e"
    assert kinds(saga.answer("e")) == ["Succeeded", "Completed", "Emitted"]
    assert saga.events() == ["Begun", "Ended"]


def test_a_refusal_waits_for_the_other_branches_then_undoes_them_together() -> None:
    saga = world(step("a"), parallel(step("b"), step("c"), step("d")))
    saga.answer("a")
    assert kinds(saga.answer("b", "refused")) == ["Refused", "Failing"]
    assert kinds(saga.answer("c")) == ["Succeeded"]
    last = saga.answer("d")
    assert isinstance(last.facts[1], Compensating)
    assert last.facts[1].owed == ("d", "c", "a")
    assert {f.step for f in last.facts if isinstance(f, Sent)} == {"c", "d"}
    assert kinds(saga.answer("c")) == ["Succeeded"]
    assert saga.commands[-1].step != "a"
    assert [f.step for f in saga.answer("d").facts if isinstance(f, Sent)] == ["a"]
    failed = only(saga.answer("a"), Failed)
    assert isinstance(failed, Failed)
    assert (failed.code, failed.status, failed.undone) == ("no", 409, ("c", "d", "a"))
    assert failed.reason == "b: b refused"
    assert not saga.left()


def test_every_refusal_is_named_in_the_reason() -> None:
    saga = world(parallel(step("b"), step("c")))
    saga.answer("b", "refused")
    failed = only(saga.answer("c", "refused"), Failed)
    assert isinstance(failed, Failed)
    assert failed.reason == "b: b refused; c: c refused"


def test_a_failure_is_asked_again_after_a_growing_pause_in_the_same_round() -> None:
    saga = world(step("a", retry=Retry(3, 100, 150, 2.0)))
    first = only(saga.answer("a", "failed"), Faulted)
    assert isinstance(first, Faulted) and first.retry_at == saga.at + 100
    sent = only(saga.wake(), Sent)
    assert isinstance(sent, Sent) and (sent.round, sent.attempt) == (1, 2)
    second = only(saga.answer("a", "failed"), Faulted)
    assert isinstance(second, Faulted) and second.retry_at == saga.at + 150
    saga.wake()
    assert isinstance(only(saga.answer("a"), Completed), Completed)


def test_no_answer_at_all_is_an_unknown_outcome_and_is_undone() -> None:
    saga = world(step("a"))
    assert kinds(saga.wake()) == ["Faulted"]
    assert kinds(saga.wake()) == ["Sent"]
    last = saga.wake()
    assert kinds(last) == ["Faulted", "Failing", "Compensating", "Sent"]
    failing = only(last, Failing)
    assert isinstance(failing, Failing) and (failing.code, failing.status) == ("no_answer", 504)
    assert saga.commands[-1].direction == "undo"


def test_a_definite_refusal_owes_nothing_even_after_a_failed_attempt() -> None:
    saga = world(step("a"))
    saga.answer("a", "failed")
    saga.wake()
    assert kinds(saga.answer("a", "refused"))[-2:] == ["Failed", "Emitted"]


def test_siblings_that_pause_are_given_up_when_the_saga_turns() -> None:
    saga = world(parallel(step("a"), step("b")))
    saga.answer("a", "failed")
    turned = saga.answer("b", "refused")
    assert [f.step for f in turned.facts if isinstance(f, Sent) and f.direction == "undo"] == ["a"]


def test_a_late_reply_of_an_earlier_attempt_still_counts() -> None:
    saga = world(step("a"), step("b"))
    reply = saga.handle(saga.commands[0])
    saga.wake()
    assert kinds(saga.take(reply)) == ["Succeeded", "Sent"]


@pytest.mark.parametrize("outcome", ["succeeded", "refused", "failed"])
def test_a_reply_twice_changes_nothing(outcome: str) -> None:
    saga = world(step("a"), step("b"))
    saga.answer("a", outcome)
    before = saga.state
    second = saga.take(saga.replies[-1])
    assert kinds(second) == ["Ignored"]
    assert saga.state is not None and before is not None
    assert saga.state.steps == before.steps and saga.state.mode == before.mode


def test_a_late_success_after_the_undo_began_changes_nothing() -> None:
    saga = world(step("a"))
    late = saga.handle(saga.commands[0])
    for _ in range(3):
        saga.wake()
    ignored = only(saga.take(late), Ignored)
    assert isinstance(ignored, Ignored) and "being undone" in ignored.why


def test_a_reply_for_a_step_never_asked_or_unknown_is_ignored() -> None:
    saga = world(step("a"), step("b"))
    reply = saga.handle(saga.commands[0])
    for name in ("b", "nobody"):
        assert kinds(saga.take(again(saga, "a", step=name))) == ["Ignored"]
    assert kinds(saga.take(reply)) == ["Succeeded", "Sent"]


def test_a_pivot_without_an_answer_is_never_taken_for_failed() -> None:
    saga = world(step("a"), step("p", "pivot"))
    saga.answer("a")
    late = saga.handle(saga.commands[-1])
    for _ in range(3):
        last = saga.wake()
    assert kinds(last) == ["Faulted", "Stuck"]
    assert kinds(saga.take(late)) == ["Succeeded", "Completed", "Emitted"]


def test_a_refused_pivot_undoes_what_came_before() -> None:
    saga = world(step("a"), step("p", "pivot"))
    saga.answer("a")
    assert kinds(saga.answer("p", "refused")) == ["Refused", "Failing", "Compensating", "Sent"]


def test_a_reply_that_lacks_what_was_promised_is_an_unknown_outcome() -> None:
    promising = step("a", do=Call("Doa", "t.commands", {"order": "input.order"}, ("id",)))
    saga = world(promising)
    saga.handle(saga.commands[0])
    faulted = only(saga.take(again(saga, "a", data={})), Faulted)
    assert isinstance(faulted, Faulted) and faulted.error == "its reply lacks id"


def test_an_ended_saga_ignores_replies_and_repairs_and_leaves_no_trace_of_timers() -> None:
    saga = world(step("a"))
    saga.answer("a")
    assert kinds(saga.take(saga.replies[-1])) == ["Ignored"]
    assert kinds(saga.repair("retry")) == ["Ignored"]
    assert kinds(saga.take(Wake("wake", saga.at + 10_000))) == []


def test_a_wake_up_with_nothing_due_is_no_decision() -> None:
    saga = world(step("a"))
    before = saga.state
    assert kinds(saga.take(Wake("wake", saga.at))) == []
    assert saga.state == before


def test_what_no_saga_could_take_is_refused() -> None:
    saga = world(step("a"))
    start = Start("s", 5, 1024, saga.plan.version, 1, "key", {})
    with pytest.raises(Undecidable, match="started already"):
        decide(saga.plan, saga.state, start)
    with pytest.raises(Undecidable, match="not been started"):
        decide(saga.plan, None, Wake("w", 1))
    with pytest.raises(Undecidable, match="no saga to park"):
        park(None, Wake("w", 1), None, "x")


def test_the_fold_refuses_what_is_out_of_order() -> None:
    saga = world(step("a"))
    first = saga.log[0]
    with pytest.raises(NotAState, match="transition 1 after 1"):
        evolve(saga.state, first)
    second = Transition(first.saga, 2, 5, "x", (Ignored("x"),))
    with pytest.raises(NotAState, match="transition 2 after 0"):
        evolve(None, second)
    with pytest.raises(NotAState, match="not its start"):
        evolve(None, Transition(first.saga, 1, 5, "x", (Parked("x"),)))


def test_deciding_leaves_the_old_state_as_it_was() -> None:
    saga = world(step("a"), step("b"))
    before = saga.state
    assert before is not None
    frozen = evolve(None, saga.log[0])
    saga.answer("a")
    assert before == frozen and saga.state != before


def test_refused_facts_carry_the_declared_status() -> None:
    saga = world(step("a", refusals={"no": 404}))
    refused = only(saga.answer("a", "refused"), Refused)
    assert isinstance(refused, Refused) and refused.status == 404
    assert isinstance(only(saga.log[-1], Failed), Failed)
    assert saga.state is not None and saga.state.http == 404


def test_succeeded_data_becomes_the_source_of_later_commands() -> None:
    reader = step("b", do=Call("Dob", "t.commands", {"x": "a.y"}))
    saga = world(step("a"), reader)
    saga.handle(saga.commands[0])
    done = saga.take(again(saga, "a", data={"y": 3}))
    assert isinstance(only(done, Succeeded), Succeeded)
    assert saga.commands[-1].data == {"x": 3}
