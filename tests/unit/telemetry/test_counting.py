"""What transitions mean to the metrics."""

from infra.boundaries import OUTSIDE
from infra.broker.types import Record
from infra.telemetry.metrics import Metrics
from orchestrator.engine.inputs import Reply
from orchestrator.engine.plan import Plan
from orchestrator.runtime.counting import Counting
from orchestrator.runtime.decisions import Decisions
from orchestrator.runtime.messages import Outgoing
from tests.world import World, definition, step


def counted(world: World) -> Metrics:
    """The metrics after everything in the world's log."""
    counting = Counting(Metrics())
    assert world.state is not None
    for transition in world.log:
        counting.transition(world.state, transition)
    return counting.metrics


def refused(name: str) -> World:
    """A saga of two steps whose step of this name is refused."""
    world = World(Plan(definition(step("a"), step("b"))))
    world.start()
    while world.commands:
        sent = world.commands.pop(0)
        world.at += 20
        no = sent.step == name and sent.direction == "do"
        data = {"code": "no", "reason": "none left"} if no else {}
        place = (sent.step, sent.direction, sent.round, sent.attempt)
        world.take(Reply(f"{place}", world.at, *place, "refused" if no else "succeeded", data))
    return world


def test_a_saga_that_completes():
    metrics = counted(refused("nothing"))
    assert metrics.started.values == {("test",): 1}
    assert metrics.ended.values == {("test", "completed"): 1}
    assert metrics.step_seconds.values == {("test", "a", "do"): 0.02, ("test", "b", "do"): 0.02}


def test_a_saga_that_is_undone():
    metrics = counted(refused("b"))
    assert metrics.ended.values == {("test", "failed"): 1}
    assert metrics.refusals.values == {("test", "b", "no"): 1}
    assert metrics.undos_owed.values == {("test",): 1}
    assert metrics.undos_done.values == {("test", "a"): 1}
    assert ("test", "a", "undo") in metrics.step_seconds.values


def test_dead_letters_and_refused_starts():
    counting = Counting(Metrics())
    run = Decisions("epoch", 0, 0)
    run.answers += [
        Outgoing(
            "saga.dead-letters", Record(None, b"x", [("dlq-topic", b"saga.replies")]), OUTSIDE
        ),
        Outgoing(
            "saga.events", Record(None, b'{"type":"SagaRefused","data":{"code":"no"}}'), OUTSIDE
        ),
        Outgoing("saga.events", Record(None, b'{"type":"SagaCompleted","data":{}}'), OUTSIDE),
    ]
    counting.committed(0, run)
    assert counting.metrics.dead_letters.values == {("saga.replies",): 1}
    assert counting.metrics.start_refusals.values == {("no",): 1}
