"""Which spans a saga's transitions make: derived from the log alone."""

from infra.broker.settings import BrokerSettings
from orchestrator.engine.inputs import Signal
from orchestrator.engine.state import State
from orchestrator.runtime.decisions import Decided
from orchestrator.runtime.spans import SagaSpans, attempts
from orchestrator.runtime.tracing import (
    caller_of,
    saga_traceparent,
    trace_of_start,
    traceparent,
)
from orchestrator.sagalog.errors import LogReadFailed
from orchestrator.sagalog.records import seal
from tests.unit.telemetry.recorder import Recorder
from tests.world import World, parallel, step, world

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BROKER = BrokerSettings.local("127.0.0.1:1", topic_prefix="x.")


def told(saga: World, trace: str = CALLER) -> Recorder:
    """The spans of everything this saga has been through, each made when it was committed."""
    recorder = Recorder()
    spans = SagaSpans(recorder, BROKER, lambda _: saga.log)
    for transition in saga.log:
        spans.committed([Decided(seal(transition), state_of(saga, trace))])
    return recorder


def state_of(saga: World, trace: str = CALLER) -> State:
    """The saga's newest state, under that trace."""
    assert saga.state is not None
    saga.state.trace = trace
    return saga.state


def test_every_attempt_has_its_own_span_under_the_saga():
    saga = world(step("pay"))
    saga.at += 5
    saga.fail("pay", 1)
    first = saga.log[-1].at
    saga.wake()
    second = saga.log[-1].at
    saga.at += 7
    saga.answer("pay")
    recorder = told(saga)
    root = recorder.one("saga test")
    failed, done = [span for span in recorder.spans if span.name == "step pay"]
    assert (failed.start_ns, failed.end_ns) == (1_000_000_000, first * 1_000_000)
    assert (done.start_ns, done.end_ns) == (second * 1_000_000, saga.at * 1_000_000)
    assert (failed.error, done.error) == ("connection lost", "")
    assert failed.attributes["saga.outcome"] == "failed"
    assert failed.attributes["messaging.destination.name"] == "x.t.commands"
    assert {failed.parent, done.parent} == {root.traceparent}
    identities = ["1/1024/pay/do/1/1", "1/1024/pay/do/1/2"]
    assert [failed.traceparent, done.traceparent] == [traceparent(CALLER, i) for i in identities]
    assert (root.start_ns, root.end_ns) == (1_000_000_000, saga.at * 1_000_000)
    assert (root.parent, root.error) == (CALLER, "")


def test_no_answer_is_an_error_and_a_late_answer_makes_no_second_span():
    saga = world(step("pay"), step("ship"))
    late = saga.commands[-1]
    saga.wake()
    saga.take(saga.handle(late))
    names = [(a.sent.step, a.sent.attempt, type(a.settled).__name__) for a in attempts(saga.log)]
    assert names == [("pay", 1, "Faulted")]
    timed_out = told(saga).one("step pay")
    assert timed_out.attributes["saga.outcome"] == timed_out.attributes["error.type"] == "timeout"
    assert timed_out.error


def test_what_was_done_is_undone_under_the_same_saga():
    saga = world(parallel(step("pay"), step("ship")))
    saga.answer("pay")
    saga.answer("ship", "refused")
    saga.answer("pay")
    recorder = told(saga)
    root = recorder.one("saga test")
    assert recorder.one("step ship").error == "no: ship refused"
    undo = recorder.one("undo pay")
    assert (undo.error, undo.parent) == ("", root.traceparent)
    assert root.error == "no: ship: ship refused"
    assert root.attributes["saga.undone"] == ("pay",)
    assert [event.name for event in root.events] == ["saga.turned", "saga.compensating"]


def test_a_person_is_seen_in_the_sagas_span():
    saga = world(step("pay"), step("ship"))
    saga.answer("pay")
    saga.answer("ship", "refused")
    for _ in range(3):
        undo = saga.commands[-1]
        saga.take(saga.handle(undo, "failed"))
        if saga.state is not None and saga.state.wake_at:
            saga.wake()
    saga.repair("skip", "pay")
    events = {event.name: event.attributes for event in told(saga).one("saga test").events}
    assert events["saga.needs_operator"]["saga.step"] == "pay"
    assert events["saga.repaired"] == {
        "saga.repair": "skip",
        "saga.step": "pay",
        "saga.by": "ann",
    }


def test_a_cancel_is_told_with_who_and_why_it_was_refused():
    saga = world(step("pay"), step("ship", "pivot"))
    saga.answer("pay")
    saga.take(Signal("c-1", saga.at, "cancel", "ordered twice", "ann"))
    saga.answer("ship")
    events = {event.name: event.attributes for event in told(saga).one("saga test").events}
    assert events["saga.signalled"] == {
        "saga.signal": "cancel",
        "saga.by": "ann",
        "saga.cause": "there is no way back any more: ship has been commanded",
    }


def test_spans_made_twice_are_the_same():
    saga = world(step("pay"))
    saga.answer("pay")
    assert told(saga).spans == told(saga).spans


def test_what_is_not_sampled_is_not_even_read():
    saga = world(step("pay"))
    saga.answer("pay")
    unread = SagaSpans(Recorder(), BROKER, lambda _: 1 / 0)  # type: ignore[arg-type, return-value]
    state = state_of(saga, CALLER[:-2] + "00")
    unread.committed([Decided(seal(transition), state) for transition in saga.log])


def test_a_history_that_cannot_be_read_costs_the_spans_and_nothing_else():
    saga = world(step("pay"))
    saga.answer("pay")

    def broken(_saga: int):
        raise LogReadFailed("disk gone")

    recorder = Recorder()
    spans = SagaSpans(recorder, BROKER, broken)
    spans.committed([Decided(seal(transition), state_of(saga)) for transition in saga.log])
    assert recorder.spans == []


def test_a_trace_of_our_own_has_no_caller():
    saga = world(step("pay"))
    own = trace_of_start(None, 1, "test", "key")
    assert caller_of(state_of(saga, own)) == ""
    assert caller_of(state_of(saga, CALLER)) == CALLER
    assert saga_traceparent(state_of(saga, own)).startswith(own[:36])


def test_a_wrong_traceparent_is_as_good_as_none():
    own = trace_of_start(None, 1, "test", "key")
    for wrong in ("", "00-1-2-01", CALLER.upper(), f"00-{0:032x}-{1:016x}-01", CALLER + "\n"):
        assert trace_of_start(wrong, 1, "test", "key") == own
    assert trace_of_start(CALLER, 1, "test", "key") == CALLER


def test_the_sampler_decides_once_where_the_trace_begins():
    flags = {trace_of_start(None, 1, "test", f"{n}", Recorder())[-2:] for n in range(20)}
    assert flags == {"00", "01"}
    assert trace_of_start(None, 1, "test", "key").endswith("-01")
