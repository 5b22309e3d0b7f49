"""What waits, children, signals and repairs mean to the metrics."""

from infra.telemetry.metrics import Metrics
from orchestrator.runtime.counting import Counting
from tests.world import World, child, step, wait
from tests.world import world as started


def counted(world: World, *, plan: bool = True) -> Metrics:
    """The metrics after everything in the world's log, each transition with its own state after."""
    counting = Counting(Metrics(), lambda version: world.plan if plan else None)
    for state, transition in zip(world.states, world.log, strict=True):
        counting.transition(state, transition)
    return counting.metrics


def world(*body) -> World:
    """A saga of these nodes, started, that keeps the state after every transition."""
    made = started(*body)
    made.states = [made.state]
    took = made.take

    def take(given):
        known = len(made.log)
        transition = took(given)
        if len(made.log) > known:
            made.states.append(made.state)
        return transition

    made.take = take
    return made


def outcomes(metrics: Metrics) -> dict[str, float]:
    """The waits by outcome."""
    return {outcome: count for (_, _, outcome), count in metrics.waits.values.items()}


def test_a_wait_that_a_signal_answers():
    made = world(wait("review"), step("a"))
    made.at += 2_500
    made.tell("review", yes=True)
    metrics = counted(made)
    assert outcomes(metrics) == {"begun": 1, "accepted": 1}
    assert metrics.wait_seconds.values == {("test", "review"): 2.5}
    assert metrics.signals.values == {("test", "review", "applied"): 1}
    assert ("test", "review", "do") not in metrics.step_seconds.values


def test_a_wait_that_is_answered_with_no():
    made = world(step("a"), wait("review"))
    made.answer("a")
    made.tell("review", yes=False)
    assert outcomes(counted(made)) == {"begun": 1, "rejected": 1}


def test_a_wait_that_nobody_answers():
    expired = world(wait("review"))
    expired.wake()
    assert outcomes(counted(expired)) == {"begun": 1, "expired": 1}
    elapsed = world(wait("review", expires="done", data={"yes": True}))
    elapsed.wake()
    assert outcomes(counted(elapsed)) == {"begun": 1, "elapsed": 1}


def test_a_wait_that_is_dropped():
    made = world(wait("review"))
    made.at += 1_000
    made.tell("cancel")
    metrics = counted(made)
    assert outcomes(metrics) == {"begun": 1, "dropped": 1}
    assert metrics.wait_seconds.values == {("test", "review"): 1.0}


def test_a_child_that_is_asked_again_is_one_child_and_under_way_all_the_time():
    made = world(child("shipping"))
    began = made.at
    made.wake()  # no answer within its timeout
    made.wake()  # asked again
    made.at = began + 9_000
    made.of_child("shipping", "succeeded", ticket=1)
    metrics = counted(made)
    assert metrics.children.values == {
        ("test", "shipping", "begun"): 1,
        ("test", "shipping", "succeeded"): 1,
    }
    assert metrics.step_seconds.values == {("test", "shipping", "do"): 9.0}
    assert metrics.retries.values == {("test", "shipping", "do", "timeout"): 1}


def test_a_child_that_is_told_to_stop_and_refuses():
    made = world(child("shipping", "compensatable"))
    made.tell("cancel")
    made.wake()
    made.wake()  # asked again, and told again
    made.of_child("shipping", "refused", code="cancelled", reason="as told")
    assert counted(made).children.values == {
        ("test", "shipping", "begun"): 1,
        ("test", "shipping", "halted"): 1,
        ("test", "shipping", "refused"): 1,
    }


def test_a_signal_that_a_child_decides_is_held_once():
    made = world(child("shipping"))
    made.tell("cancel", "c-1")
    made.wake()
    made.wake()  # asked again, and reminded of it
    made.of_child("shipping", "answered", signal="c-1", why="it has left")
    assert counted(made).signals.values == {
        ("test", "cancel", "held"): 1,
        ("test", "cancel", "refused"): 1,
    }


def test_without_a_plan_nothing_is_a_wait():
    made = world(wait("review"))
    made.tell("review", yes=True)
    assert not counted(made, plan=False).waits.values


def test_steps_that_are_given_up_and_sagas_that_fail():
    made = world(step("a"), step("b"))
    made.answer("a")
    for _ in range(3):  # no answer, asked again, no answer
        made.wake()
    made.answer("b")
    made.answer("a")
    metrics = counted(made)
    assert metrics.given_up.values == {("test", "b", "do"): 1}
    assert metrics.failures.values == {("test", "no_answer"): 1}
    assert metrics.ended.values == {("test", "failed"): 1}
    seconds = (made.log[-1].at - made.log[0].at) / 1_000
    assert metrics.seconds.values == {("test", "failed"): seconds}


def test_what_a_person_has_to_decide_is_not_given_up():
    made = world(step("a", "retriable"))
    while made.state.status != "needs_operator":
        made.wake()
    made.repair("retry", "a")
    metrics = counted(made)
    assert not metrics.given_up.values
    assert metrics.needs_operator.values == {("test",): 1}
    assert metrics.repairs.values == {("test", "retry"): 1}
