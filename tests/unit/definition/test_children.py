"""What becomes of a child saga and of a signal that changes data."""

import pytest

from orchestrator.definition import Undo, change, child, compensatable, event, parallel, read, saga
from orchestrator.definition import wait as waiting
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.compiling.children import ANYWAY
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Call, Change, Emit, Retry, Step
from orchestrator.engine import deadline, signals
from orchestrator.runtime.topics import command_topics, event_topics
from tests.unit.definition.journey import (
    APPROVAL,
    DEPARTURE,
    DIVERT,
    LEAVE,
    LOOK,
    PACK,
    TELL,
    TOUR,
    Divert,
    Diverted,
    Journey,
    JourneyEvent,
    Knock,
    Left,
    Unpack,
    journey,
    trek,
)


def child_of(written) -> Step:
    step = next(node for node in written.definition.body if getattr(node, "child", None))
    assert isinstance(step, Step)
    return step


def test_a_child_becomes_a_step() -> None:
    assert child_of(TOUR) == Step(
        name="departure",
        kind="pivot",
        do=Call(
            "departure",
            "saga.requests",
            {"traveller": "input.traveller", "city": "input.city", "days": "approval.days"},
            ("bag",),
        ),
        undo=None,
        timeout_ms=30_000,
        retry=Retry(0, 1_000, 60_000, 2.0),
        undo_timeout_ms=10_000,
        undo_retry=Retry(100, 1_000, 60_000, 2.0),
        refusals={
            "too_heavy": 422,
            "no_seat": 410,
            "invalid_input": 422,
            "no_answer": 504,
            "cancelled": 409,
            "deadline_exceeded": 504,
        },
        child="departure",
    )
    assert TOUR.children == {"departure": DEPARTURE}
    assert [one.name for one in TOUR.family()] == ["tour", "departure"]


def test_how_a_saga_fails_whatever_its_steps_is_the_engines_to_say() -> None:
    assert ANYWAY["cancelled"] == signals.CANCELLED_STATUS
    assert ANYWAY["deadline_exceeded"] == deadline.EXCEEDED_STATUS
    assert {signals.CANCELLED, deadline.EXCEEDED} < set(ANYWAY)


def test_a_child_that_waits_can_be_rejected() -> None:
    refusals = child_of(journey(child("x", trek(LOOK, APPROVAL)))).refusals
    assert refusals["rejected"] == 409
    # A setting may yet let this wait be refused, and its parent stays as it is.
    calm = trek(waiting("w", Knock, timeout=1, expires="done"))
    assert child_of(journey(child("x", calm))).refusals["rejected"] == 409


def test_what_comes_after_its_point_of_no_return_does_not_fail_a_child() -> None:
    refusals = child_of(journey(child("x", trek(LEAVE, LOOK)))).refusals
    assert "no_seat" in refusals
    assert "unknown_city" not in refusals


def test_what_a_child_is_to_its_parent() -> None:
    undone = {"undo": Unpack}
    assert child_of(journey(child("x", trek(LOOK, APPROVAL)))).kind == "read"
    assert child_of(journey(child("x", trek(LOOK, PACK), **undone))).kind == "compensatable"
    assert child_of(journey(child("x", trek(PACK, LEAVE)))).kind == "pivot"
    assert child_of(journey(child("x", trek(TELL)))).kind == "pivot"
    inner = trek(child("y", trek(LEAVE)), name="outer")
    assert child_of(journey(child("x", inner))).kind == "pivot"


def test_the_undo_of_a_child_is_a_command() -> None:
    undo = Undo(Unpack, timeout=7)
    step = child_of(journey(child("x", trek(PACK), undo=undo, timeout=5)))
    assert (step.timeout_ms, step.undo_timeout_ms) == (5_000, 7_000)
    assert step.undo == Call("Unpack", "porter.commands", {"city": "input.city"})


def test_the_undo_of_a_child_reads_what_the_child_has_answered() -> None:
    """It is never given up, so there is always an answer; the latest of that name, as elsewhere."""

    class Drop(Unpack):
        bag: int

    packed = saga("packing", input=Journey).then(PACK).ends(returns=Left)
    for undo in (Drop, Undo(Drop, fields={"bag": "x.bag"})):
        step = child_of(journey(PACK, child("x", packed, undo=undo)))
        assert step.undo is not None
        assert step.undo.fields == {"city": "input.city", "bag": "x.bag"}


def test_the_input_of_a_child_may_be_mapped() -> None:
    step = child_of(journey(child("x", trek(LOOK), fields={"city": "input.traveller"})))
    assert step.do.fields["city"] == "input.traveller"


def test_children_may_run_beside_each_other() -> None:
    one = child("x", trek(PACK), undo=Unpack)
    other = child("y", trek(LOOK, name="walk"))
    journey(parallel(one, other))


def test_later_steps_are_filled_from_what_a_child_returns() -> None:
    class Note(JourneyEvent):
        bag: int

    written = saga("tour", input=Journey).then(child("x", DEPARTURE)).ends(completed=Note)
    assert written.definition.completed[0].fields["bag"] == "x.bag"
    assert DEPARTURE.definition.result == {"bag": "leave.bag"}
    assert DEPARTURE.result is Left
    assert TOUR.result is None


def test_a_change_becomes_part_of_the_definition() -> None:
    fields = {
        "traveller": "input.traveller",
        "city": "input.city",
        "new_city": "signal.new_city",
        "by": "signal.by",
        "reason": "signal.reason",
    }
    assert TOUR.definition.changes == (
        Change(
            "divert",
            ("new_city",),
            {"city": "new_city"},
            "departure",
            (Emit("Diverted", "journey.events", "input.traveller", fields),),
        ),
    )


def test_fields_of_one_name_need_no_mapping() -> None:
    class Move(Divert):
        name = "move"
        city: str

    written = journey(PACK, takes=(change(Move, redo="pack"),))
    (one,) = written.definition.changes or ()
    assert one.fields == {"city": "city"}


def test_an_event_of_a_change_may_name_the_signal_and_its_time() -> None:
    class Heard(JourneyEvent):
        id: str
        at: int
        saga_id: int

    told = event(Heard, fields={"id": "signal.id", "at": "signal.at", "saga_id": "saga.id"})
    one = change(Divert, fields={"city": "new_city"}, redo="pack", tells=[told, Diverted])
    (made,) = journey(PACK, takes=(one,)).definition.changes or ()
    assert [emit.event for emit in made.told] == ["Heard", "Diverted"]
    assert made.told[0].fields["at"] == "signal.at"


def test_the_same_event_may_tell_two_changes_and_the_end() -> None:
    class Move(Divert):
        name = "move"

    def by(signal):
        return change(signal, fields={"city": "new_city"}, redo="pack", tells=JourneyEvent)

    written = (
        saga("journey", input=Journey)
        .takes(by(Divert), by(Move))
        .then(PACK)
        .ends(completed=JourneyEvent)
    )
    assert len(written.definition.changes or ()) == 2


def test_takes_adds_and_changes_no_draft() -> None:
    draft = saga("journey", input=Journey).then(PACK)
    assert draft.takes(DIVERT).ends().signals
    assert not draft.ends().signals


def test_a_change_may_do_a_read_again() -> None:
    one = change(Divert, fields={"city": "new_city"}, redo="look")
    assert journey(LOOK, takes=(one,)).definition.changes


def test_topics_of_a_saga_with_a_child() -> None:
    assert command_topics([TOUR.definition]) == {"map.commands"}
    assert event_topics([TOUR.definition]) == {"journey.events"}
    silent = journey(PACK, takes=(DIVERT,))
    assert event_topics([silent.definition]) == set()


def test_a_process_knows_the_children_of_its_sagas() -> None:
    assert Catalogue([DEPARTURE, TOUR]).names() == ["departure", "tour"]
    with pytest.raises(DefinitionError) as caught:
        Catalogue([TOUR])
    error = caught.value
    assert error.place == "saga tour, step departure"
    assert error.reason == "it runs the saga departure, which this application does not have"
    assert error.remedy == "Add departure to the sagas of the application"


def test_another_saga_of_the_name_of_a_child() -> None:
    other = trek(compensatable("pack", LEAVE.command, undo=Unpack), name="departure")
    with pytest.raises(DefinitionError) as caught:
        Catalogue([TOUR, other])
    assert caught.value.reason == (
        "it was written with another saga departure: not of the same input, kind and signals, or "
        "not with the same result"
    )


def test_a_grandchild_must_be_known_too() -> None:
    inner = trek(read("look", LOOK.command), name="inner")
    outer = trek(child("in", inner), name="outer")
    with pytest.raises(DefinitionError, match="saga outer, step in: it runs the saga inner"):
        Catalogue([journey(child("out", outer)), outer])
