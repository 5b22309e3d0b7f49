"""The deadline of a saga, as the engine keeps it."""

from orchestrator.definition.nodes import canonical, parse
from orchestrator.engine.decide import park
from orchestrator.engine.facts import Failed, Faulted, Late, Sent, Transition
from orchestrator.engine.inputs import Reply, Signal, Wake
from orchestrator.engine.state import State
from tests.world import World, parallel, step, world

TIME_MS = 5_000


def kinds(transition: Transition) -> list[str]:
    return [type(fact).__name__ for fact in transition.facts]


def state(saga: World) -> State:
    assert saga.state is not None
    return saga.state


def at(saga: World, passed_ms: int) -> Transition:
    """A wake-up so long after the start."""
    saga.at = 1_000 + passed_ms
    return saga.take(Wake("wake", saga.at))


def test_in_time_nothing_happens_and_the_version_is_what_it_was_without() -> None:
    saga = world(step("a"), step("b"), deadline_ms=TIME_MS)
    assert state(saga).deadline == 1_000 + TIME_MS
    assert at(saga, 500).facts == ()
    saga.answer("a")
    saga.answer("b")
    assert (state(saga).mode, state(saga).wake_at, state(saga).late) == ("completed", 0, False)
    plain = world(step("a"), step("b"))
    assert b"deadline" not in _json(plain)
    assert b"deadline" in _json(saga)


def _json(saga: World) -> bytes:
    raw = canonical(saga.plan.definition)
    assert canonical(parse(raw)) == raw
    return raw


def test_forward_work_stops_and_what_was_done_is_undone() -> None:
    saga = world(step("a"), step("b", timeout_ms=60_000), step("c"), deadline_ms=TIME_MS)
    saga.answer("a")
    assert state(saga).wake_at == 1_000 + TIME_MS
    assert kinds(at(saga, TIME_MS)) == ["Failing"], "what is in flight settles first"
    assert state(saga).wake_at == saga.commands[-1].deadline
    assert kinds(saga.answer("b")) == ["Succeeded", "Compensating", "Sent"]
    saga.answer("b")
    last = saga.answer("a")
    failed = next(fact for fact in last.facts if isinstance(fact, Failed))
    assert (failed.code, failed.reason) == ("deadline_exceeded", "deadline exceeded")
    assert (failed.status, failed.undone) == (504, ("b", "a"))
    assert saga.left() == set()


def test_what_is_read_after_the_deadline_begins_nothing_more() -> None:
    saga = world(step("a"), step("b"), deadline_ms=TIME_MS)
    saga.at = 1_001 + TIME_MS
    told = saga.answer("a")
    assert kinds(told) == ["Succeeded", "Failing", "Compensating", "Sent"]
    assert (state(saga).code, "b" in state(saga).steps) == ("deadline_exceeded", False)


def test_where_there_is_no_way_back_what_is_read_late_says_so() -> None:
    saga = world(step("p", "pivot"), step("r", "retriable"), deadline_ms=TIME_MS)
    saga.at = 1_001 + TIME_MS
    assert kinds(saga.answer("p")) == ["Succeeded", "Late", "Sent"]
    saga.answer("r")
    assert (state(saga).mode, state(saga).late) == ("completed", True)


def test_what_is_done_when_it_is_read_is_not_undone_for_being_late() -> None:
    saga = world(step("a"), deadline_ms=TIME_MS)
    saga.at = 1_001 + TIME_MS
    assert kinds(saga.answer("a"))[0] == "Succeeded"
    assert (state(saga).mode, state(saga).late) == ("completed", False)


def test_a_pause_ends_with_the_deadline() -> None:
    saga = world(step("a"), deadline_ms=1_050)
    saga.answer("a", "failed")  # asked again 100 ms later, given up a second after that
    at(saga, 100)
    saga.answer("a", "failed")
    assert state(saga).mode == "compensating"
    saga = world(step("a"), parallel(step("b"), step("c")), deadline_ms=150)
    saga.answer("a")
    saga.fail("b", 1)
    saga.answer("c")
    assert kinds(at(saga, 150))[0] == "Failing"
    assert [f.step for f in saga.commands if f.direction == "undo"] == ["c", "b"]


def test_the_deadline_and_a_timeout_in_one_wake_up() -> None:
    """After an hour down: nothing is asked again only because it was down."""
    saga = world(step("a"), deadline_ms=TIME_MS)
    told = at(saga, 3_600_000)
    assert kinds(told) == ["Failing", "Faulted", "Compensating", "Sent"]
    assert not next(fact for fact in told.facts if isinstance(fact, Faulted)).retry_at
    assert [fact.direction for fact in told.facts if isinstance(fact, Sent)] == ["undo"]


def test_where_there_is_no_way_back_it_is_late_and_goes_on() -> None:
    saga = world(step("a"), step("p", "pivot"), step("r", "retriable"), deadline_ms=500)
    saga.answer("a")
    told = at(saga, 500)
    assert told.facts == (Late("p"),)
    assert (state(saga).late, state(saga).mode) == (True, "forward")
    assert at(saga, 501).facts == (), "it is late once"
    saga.answer("p")
    saga.answer("r")
    assert (state(saga).mode, state(saga).late) == ("completed", True)


def test_a_pivot_that_is_refused_after_the_deadline_is_undone_for_its_own_reason() -> None:
    saga = world(step("a"), step("p", "pivot"), deadline_ms=500)
    saga.answer("a")
    at(saga, 500)
    saga.answer("p", "refused")
    saga.answer("a")
    assert (state(saga).code, state(saga).late) == ("no", True)


def test_a_late_reply_changes_nothing() -> None:
    saga = world(step("a"), step("b"), deadline_ms=500)
    at(saga, 500)
    at(saga, 1_000)  # the command that was out has timed out: it counts as perhaps done
    saga.answer("a")
    assert state(saga).mode == "failed"
    late = Reply("late", saga.at, "a", "do", 1, 1, "succeeded", {})
    assert kinds(saga.take(late)) == ["Ignored"]


def test_time_that_waits_for_a_person_does_not_count() -> None:
    steps = (step("r", "retriable"), step("s", "retriable"))
    saga = world(*steps, deadline_ms=TIME_MS)
    saga.answer("r", "refused")
    assert state(saga).status == "needs_operator"
    assert state(saga).wake_at == 0, "nobody is woken while a person decides"
    assert at(saga, 3_600_000).facts == ()
    saga.repair("retry")
    assert state(saga).deadline == 1_000 + TIME_MS + 3_600_000
    saga.at += 10
    saga.answer("r")
    assert not state(saga).late


def test_a_parked_saga_has_its_time_still() -> None:
    saga = world(step("a"), deadline_ms=TIME_MS)
    saga.state, _ = park(state(saga), Wake("w", 1_500), None, "no decision")
    assert (state(saga).person_since, state(saga).wake_at) == (1_500, 0)
    saga.at = 9_500
    saga.repair("resume")
    assert (state(saga).person_since, state(saga).deadline) == (0, 1_000 + TIME_MS + 8_000)


def test_the_answer_that_a_person_waited_for_starts_the_clock_again() -> None:
    saga = world(step("a"), step("p", "pivot"), deadline_ms=60_000)
    saga.answer("a")
    for _ in range(3):
        saga.wake()
    assert state(saga).status == "needs_operator"
    since = saga.at
    saga.at += 7_000
    saga.answer("p")
    assert (state(saga).mode, since) == ("completed", since)


def test_a_cancel_comes_before_the_deadline_and_then_there_is_none() -> None:
    saga = world(step("a"), deadline_ms=TIME_MS)
    saga.take(Signal("c", saga.at, "cancel", "x", "ann"))
    assert state(saga).deadline == 0
    at(saga, TIME_MS)
    assert state(saga).code == "cancelled"
