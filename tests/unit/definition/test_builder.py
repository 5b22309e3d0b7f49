"""What the typed builder makes of what people write."""

from datetime import timedelta

import pytest

from contracts.messages import Event, Message
from orchestrator.definition import (
    FOREVER,
    DefinitionError,
    RetryPolicy,
    Undo,
    compensatable,
    event,
    parallel,
    pivot,
    read,
    retriable,
    saga,
    sequence,
)
from orchestrator.definition.nodes import Call, Emit, Parallel, Retry, Step, version
from orchestrator.definition.tree import steps_of
from tests.unit.definition.language import (
    CITY,
    FLIGHT,
    HOTEL,
    BookFlight,
    BookHotel,
    CheckCity,
    PayTrip,
    ReleaseHotel,
    SendPostcard,
    Trip,
    TripBooked,
    TripEvent,
    TripFailed,
    trip,
)


def steps(written: object) -> dict[str, Step]:
    return {step.name: step for step in steps_of(written.definition.body)}  # type: ignore[attr-defined]


def test_a_step_becomes_a_node() -> None:
    (step,) = trip(HOTEL).definition.body
    assert step == Step(
        name="hotel",
        kind="compensatable",
        do=Call(
            "BookHotel",
            "hotel.commands",
            {"trip_id": "input.trip_id", "city": "input.city"},
            ("booking", "price"),
        ),
        undo=Call("ReleaseHotel", "hotel.commands", {"trip_id": "input.trip_id"}),
        timeout_ms=10_000,
        retry=Retry(3, 1_000, 10_000, 2.0),
        undo_timeout_ms=10_000,
        undo_retry=Retry(100, 1_000, 60_000, 2.0),
        refusals={"no_room": 409},
    )


def test_a_reply_must_carry_what_has_no_default() -> None:
    assert "breakfast" not in steps(trip(HOTEL))["hotel"].do.reply


def test_what_must_work_is_asked_for_long_by_default() -> None:
    written = trip(CITY, pivot("pay", BookFlight), retriable("rest", BookHotel))
    attempts = {name: step.retry.attempts for name, step in steps(written).items()}
    assert attempts == {"city": 3, "pay": 100, "rest": 100}


def test_durations_are_seconds_or_timedeltas() -> None:
    policy = RetryPolicy(FOREVER, initial=0.25, maximum=timedelta(minutes=2), coefficient=3)
    undo = Undo(ReleaseHotel, timeout=timedelta(seconds=7), retry=RetryPolicy(attempts=7))
    (step,) = trip(
        compensatable("hotel", BookHotel, undo=undo, timeout=1.5, retry=policy)
    ).definition.body
    assert isinstance(step, Step)
    assert (step.timeout_ms, step.undo_timeout_ms) == (1_500, 7_000)
    assert step.retry == Retry(0, 250, 120_000, 3.0)
    assert step.undo_retry == Retry(7, 1_000, 60_000, 2.0)


def test_a_year_is_the_longest_time() -> None:
    (step,) = trip(read("city", CheckCity, timeout=timedelta(days=365))).definition.body
    assert isinstance(step, Step)
    assert step.timeout_ms == 31_536_000_000
    with pytest.raises(DefinitionError, match="not a duration of at most a year"):
        trip(read("city", CheckCity, timeout=timedelta(days=365, milliseconds=1)))


def test_branches_are_steps_or_sequences() -> None:
    card = compensatable("card", SendPostcard, undo=ReleaseHotel)
    (node,) = trip(parallel(sequence(HOTEL, card), FLIGHT)).definition.body
    assert isinstance(node, Parallel)
    names = [[step.name for step in steps_of(branch)] for branch in node.branches]
    assert names == [["hotel", "card"], ["flight"]]


def test_then_adds_and_changes_no_draft() -> None:
    draft = saga("trip", input=Trip).then(CITY)
    longer = draft.then(HOTEL)
    assert list(steps(draft.ends())) == ["city"]
    assert list(steps(longer.ends())) == ["city", "hotel"]


def test_a_branch_uses_its_own_earlier_reply() -> None:
    card = compensatable("card", SendPostcard, undo=ReleaseHotel)
    written = trip(parallel(sequence(HOTEL, card), FLIGHT))
    assert steps(written)["card"].do.fields == {"booking": "hotel.booking"}


def test_by_name_the_latest_reply_wins() -> None:
    written = trip(HOTEL, FLIGHT, retriable("card", SendPostcard))
    assert steps(written)["card"].do.fields == {"booking": "flight.booking"}


def test_a_mapping_names_another_source() -> None:
    fields = {"booking": "hotel.booking"}
    written = trip(parallel(HOTEL, FLIGHT), retriable("card", SendPostcard, fields=fields))
    assert steps(written)["card"].do.fields == fields


def test_an_undo_may_use_what_was_there_before_its_step() -> None:
    written = trip(HOTEL, compensatable("flight", BookFlight, undo=PayTrip))
    undo = steps(written)["flight"].undo
    assert undo
    assert undo.fields == {"trip_id": "input.trip_id", "price": "hotel.price"}


def test_a_mapping_of_the_undo() -> None:
    undo = Undo(SendPostcard, fields={"booking": "saga.key"})
    call = steps(trip(compensatable("hotel", BookHotel, undo=undo)))["hotel"].undo
    assert call
    assert call.fields == {"booking": "saga.key"}


def test_an_undo_may_be_told_why_where_it_is_mapped() -> None:
    undo = Undo(SendPostcard, fields={"booking": "saga.reason"})
    call = steps(trip(compensatable("hotel", BookHotel, undo=undo)))["hotel"].undo
    assert call
    assert call.fields == {"booking": "saga.reason"}
    with pytest.raises(DefinitionError, match="only a saga that has failed knows it"):
        trip(read("card", SendPostcard, fields={"booking": "saga.reason"}))


def test_a_field_with_a_default_may_stay_empty() -> None:
    class Told(Event):
        topic = "trip.events"
        key = "trip_id"
        trip_id: int
        remark: str = "none"

    completed = trip(HOTEL, completed=Told).definition.completed
    assert [emit.fields for emit in completed] == [{"trip_id": "input.trip_id"}]


class TripAsked(TripEvent):
    asked: str


def test_events_of_start_and_outcomes() -> None:
    written = (
        saga("trip", input=Trip, started=event(TripAsked, fields={"asked": "input.city"}))
        .then(HOTEL)
        .ends(completed=[TripBooked], failed=TripFailed)
    )
    definition = written.definition
    topic, key, own = "trip.events", "input.trip_id", {"trip_id": "input.trip_id"}
    assert definition.started == (Emit("TripAsked", topic, key, {**own, "asked": "input.city"}),)
    assert definition.completed == (
        Emit("TripBooked", topic, key, {**own, "booking": "hotel.booking"}),
    )
    failure = {name: f"saga.{name}" for name in ("code", "reason", "status", "undone")}
    assert definition.failed == (Emit("TripFailed", topic, key, {**own, **failure}),)


def test_the_failure_is_later_than_the_input() -> None:
    class Returned(Message):
        trip_id: int
        reason: str

    written = (
        saga("trip", input=Returned)
        .then(read("city", BookFlight))
        .ends(failed=event(TripFailed, fields={}))
    )
    assert written.definition.failed[0].fields["reason"] == "saga.reason"


def test_a_saga_knows_name_version_and_input() -> None:
    written = trip(HOTEL)
    assert (written.name, written.input) == ("trip", Trip)
    assert written.version == version(written.definition)
    assert written.definition.input["required"] == ["trip_id", "city"]


def test_retriables_need_no_pivot() -> None:
    written = trip(HOTEL, parallel(retriable("a", BookFlight), retriable("b", BookFlight)))
    assert list(steps(written)) == ["hotel", "a", "b"]


def test_reads_may_follow_the_pivot() -> None:
    assert list(steps(trip(pivot("pay", BookFlight), CITY))) == ["pay", "city"]
