"""Cancelling, as the engine decides it: until there is no way back, and once."""

from orchestrator.engine.facts import Failed, Ignored, Sent, Signalled, SignalRefused, Transition
from orchestrator.engine.inputs import Signal
from tests.world import World, parallel, step, world


def cancel(saga: World, identity: str = "c-1") -> Transition:
    return saga.take(Signal(identity, saga.at, "cancel", "ordered twice", "ann"))


def kinds(transition: Transition) -> list[str]:
    return [type(fact).__name__ for fact in transition.facts]


def why(transition: Transition) -> str:
    (fact,) = transition.facts
    assert isinstance(fact, SignalRefused)
    return fact.why


def test_what_is_in_flight_settles_and_then_everything_is_undone() -> None:
    saga = world(step("a"), parallel(step("b"), step("c")), step("d"))
    saga.answer("a")
    assert kinds(cancel(saga)) == ["Signalled", "Failing"]
    assert kinds(saga.answer("b")) == ["Succeeded"], "nothing new begins"
    last = saga.answer("c")
    assert kinds(last) == ["Succeeded", "Compensating", "Sent", "Sent"]
    for name in ("b", "c", "a"):
        last = saga.answer(name)
    failed = next(fact for fact in last.facts if isinstance(fact, Failed))
    assert (failed.code, failed.status) == ("cancelled", 409)
    assert failed.reason == "cancelled by ann: ordered twice"
    assert (saga.left(), saga.events()) == (set(), ["Begun", "Broken"])


def test_what_pauses_is_not_asked_again_and_counts_as_perhaps_done() -> None:
    saga = world(step("a"))
    saga.answer("a", "failed")
    told = cancel(saga)
    assert kinds(told) == ["Signalled", "Failing", "Compensating", "Sent"]
    assert [fact.direction for fact in told.facts if isinstance(fact, Sent)] == ["undo"]


def test_a_step_that_is_refused_after_the_cancel_is_not_undone() -> None:
    saga = world(step("a"), step("b"))
    saga.answer("a")
    cancel(saga)
    saga.answer("b", "refused")
    saga.answer("a")
    assert saga.state is not None
    assert (saga.state.code, saga.state.undone) == ("cancelled", ("a",))
    assert saga.state.reason == "cancelled by ann: ordered twice; b: b refused"


def test_until_the_pivot_has_been_commanded() -> None:
    saga = world(step("a"), step("p", "pivot"), step("r", "retriable"))
    saga.answer("a")
    told = cancel(saga)
    assert why(told) == "there is no way back any more: p has been commanded"
    saga.answer("p")
    saga.answer("r")
    assert saga.state is not None
    assert saga.state.mode == "completed"


def test_without_a_pivot_until_the_first_retriable() -> None:
    saga = world(step("a"), parallel(step("r", "retriable"), step("s", "retriable")))
    assert saga.state is not None
    saga.answer("a")
    assert "r has been commanded" in why(cancel(saga))


def test_not_of_a_saga_that_is_being_undone_or_has_ended() -> None:
    saga = world(step("a"), step("b"))
    saga.answer("a")
    saga.answer("b", "refused")
    assert why(cancel(saga)) == "the saga is being undone already: b: b refused"
    saga.answer("a")
    assert saga.state is not None
    moved = saga.state.updated_at
    saga.at += 5
    assert why(cancel(saga, "c-2")) == "the saga has ended: failed"
    assert saga.state is not None
    assert saga.state.code == "no"
    assert saga.state.updated_at == moved, "what has ended does not move by it"


def test_the_same_signal_twice_is_one_whether_it_was_applied_or_refused() -> None:
    saga = world(step("a"), step("b"))
    first, second = cancel(saga), cancel(saga)
    assert isinstance(first.facts[0], Signalled)
    assert [type(fact) for fact in second.facts] == [Ignored]
    assert isinstance(cancel(saga, "c-2").facts[0], SignalRefused), "another one comes too late"
    assert kinds(cancel(saga, "c-2")) == ["Ignored"]
    assert saga.state is not None
    assert list(saga.state.signals) == ["c-1", "c-2"]


def test_a_signal_that_the_saga_does_not_take_is_refused() -> None:
    saga = world(step("a"))
    told = saga.take(Signal("s-1", saga.at, "dance", "for fun", "ann"))
    assert why(told) == "test takes no signal dance"
    assert saga.state is not None
    assert saga.state.mode == "forward"
