"""What becomes of a wait: its node, what it is answered with, the signals that a saga takes."""

from datetime import timedelta

import pytest

from orchestrator.definition import DefinitionError, parallel, read, retriable, saga, wait
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.errors import InvalidInput, UnknownDefinition, UnknownSignal
from orchestrator.definition.nodes import Step, Wait, canonical, parse
from orchestrator.definition.tree import commands_of, steps_of
from tests.unit.definition.journey import (
    APPROVAL,
    DEPARTURE,
    LEAVE,
    PACK,
    TELL,
    TOUR,
    Approval,
    Journey,
    JourneyEvent,
    Knock,
    Leave,
    Pack,
    Write,
    journey,
)


def test_a_wait_becomes_a_node() -> None:
    (node,) = journey(APPROVAL).definition.body
    assert node == Wait(
        name="approval",
        signal="approval",
        required=("approved", "days"),
        timeout_ms=60_000,
        expires="refused",
        data={},
        refusals={"rejected": 409},
        accepts="approved",
    )
    assert node.kind == "read"


def test_a_wait_that_goes_on_when_its_time_is_over() -> None:
    data = {"approved": True}
    (node,) = journey(
        wait("x", Approval, timeout=timedelta(seconds=2), expires="done", data=data)
    ).definition.body
    assert isinstance(node, Wait)
    assert node.data == {"approved": True, "days": 3}, "as its contract writes it"
    assert (node.timeout_ms, node.expires, node.refusals) == (2_000, "done", {})


def test_who_can_say_no_can_refuse_however_the_time_ends() -> None:
    data = {"approved": True}
    spec = wait("x", Approval, timeout=2, expires="done", data=data, accepts="approved")
    (node,) = journey(spec).definition.body
    assert isinstance(node, Wait)
    assert node.refusals == {"rejected": 409}


def test_a_person_is_waited_for() -> None:
    (node,) = journey(wait("x", Knock, timeout=86_400, person=True)).definition.body
    assert isinstance(node, Wait)
    assert node.person


def test_without_a_signal_only_time_counts() -> None:
    (node,) = journey(wait("x", timeout=2)).definition.body
    assert node == Wait("x", "", (), 2_000, "done", {}, {})


def test_a_signal_without_fields_needs_no_data() -> None:
    (node,) = journey(wait("x", Knock, timeout=2, expires="done")).definition.body
    assert isinstance(node, Wait)
    assert (node.required, node.data) == ((), {})


def test_later_steps_are_filled_from_the_signal() -> None:
    class Plan(Write):
        days: int

    _, step = journey(APPROVAL, read("plan", Plan)).definition.body
    assert isinstance(step, Step)
    assert step.do.fields == {
        "traveller": "input.traveller",
        "by": "approval.by",
        "days": "approval.days",
    }


def test_what_only_time_answers_is_not_found_by_name() -> None:
    with pytest.raises(DefinitionError, match=r"field by: nothing fills it"):
        journey(wait("x", timeout=2), read("write", Write))
    _, step = journey(
        wait("x", timeout=2), read("write", Write, fields={"by": "x.by"})
    ).definition.body
    assert isinstance(step, Step)
    assert step.do.fields["by"] == "x.by"


def test_a_wait_in_a_parallel() -> None:
    (node,) = journey(parallel(APPROVAL, PACK)).definition.body
    assert [leaf.name for leaf in steps_of([node])] == ["approval", "pack"]


def test_a_wait_beside_a_wait_is_not_there_yet() -> None:
    with pytest.raises(DefinitionError) as caught:
        journey(parallel(APPROVAL, read("write", Write)))
    assert "that step runs in parallel" in caught.value.reason


@pytest.mark.parametrize(
    "later", [wait("x", Knock, timeout=2, expires="done"), wait("x", timeout=2)]
)
def test_after_the_point_of_no_return_a_wait_goes_on(later) -> None:
    names = [leaf.name for leaf in steps_of(journey(LEAVE, later, TELL).definition.body)]
    assert names == ["leave", "x", "tell"]


def test_a_wait_that_cannot_fail_may_run_beside_a_retriable_step() -> None:
    journey(parallel(wait("x", timeout=2), retriable("a", Leave)))


def test_a_saga_knows_the_signals_that_it_takes() -> None:
    assert {name: one.__name__ for name, one in TOUR.signals.items()} == {
        "approval": "Approval",
        "divert": "Divert",
    }
    assert not journey(PACK, wait("x", timeout=1)).signals


def test_the_data_of_a_signal_are_completed_by_its_contract() -> None:
    catalogue = Catalogue([TOUR, DEPARTURE])
    given = {"approved": False, "from a newer writer": 1}
    assert catalogue.validate_signal("tour", "approval", given) == {"approved": False, "days": 3}
    assert catalogue.validate_signal("tour", "cancel", {}) == {}
    with pytest.raises(InvalidInput, match="approved: Field required; days: Input should be"):
        catalogue.validate_signal("tour", "approval", {"days": "many"})
    with pytest.raises(InvalidInput, match="data: it cannot be written as JSON"):
        catalogue.validate_signal("tour", "approval", {"approved": "\ud800"})
    with pytest.raises(
        UnknownSignal, match="tour takes no signal 'knock'; it takes: cancel, approval, divert"
    ):
        catalogue.validate_signal("tour", "knock", {})
    with pytest.raises(UnknownDefinition):
        catalogue.validate_signal("voyage", "knock", {})


def test_only_commands_to_participants_are_commands() -> None:
    assert [call.command for call in commands_of(TOUR.definition.body)] == ["Look", "Look"]
    assert [call.command for call in commands_of(DEPARTURE.definition.body)] == [
        "Pack",
        "Unpack",
        "Leave",
    ]


@pytest.mark.parametrize("written", [TOUR, DEPARTURE], ids=lambda one: one.name)
def test_what_is_written_reads_the_same(written) -> None:
    assert parse(canonical(written.definition)) == written.definition


def test_the_reply_of_a_wait_fills_the_end() -> None:
    class Approved(JourneyEvent):
        by: str

    written = saga("journey", input=Journey).then(APPROVAL).ends(completed=Approved)
    assert written.definition.completed[0].fields["by"] == "approval.by"


def test_the_progress_of_its_steps_is_told_where_the_definition_says_so() -> None:
    assert DEPARTURE.definition.progress is True
    assert not TOUR.definition.progress
    assert b"progress" not in canonical(TOUR.definition)


def test_a_step_of_a_command_named_like_a_signal_is_another_thing() -> None:
    assert journey(wait("pack", Knock, timeout=1, expires="done"), read("x", Pack)).signals
