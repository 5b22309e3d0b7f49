"""Why a saga does not move: read off state and definition, and nothing else."""

from msgspec.structs import replace

from orchestrator.admin.why import Waiting, why
from orchestrator.definition.nodes import Call, Definition, Step, Wait
from orchestrator.engine.state import State, StepState
from tests.unit.admin.work import work

NOW = 1_700_000_000_000
DEFINITION = work("pack", "ship").definition


def state(mode="forward", parked="", **steps: StepState) -> State:
    """A saga with these steps."""
    return State(
        saga=1024,
        definition="work",
        version="v",
        tenant=1,
        key="k",
        trace="",
        number=3,
        started_at=NOW - 5_000,
        updated_at=NOW - 1_000,
        mode=mode,
        data={"input": {}},
        steps=steps,
        parked=parked,
    )


def sent(due: int = NOW + 500, **more) -> StepState:
    fields = {"direction": "do", "round": 1, "attempt": 2, "error": "timed out"} | more
    return StepState(phase="sent", due=due, since=NOW - 500, **fields)


def only(found: tuple[Waiting, ...]) -> Waiting:
    (one,) = found
    return one


def test_it_waits_for_a_reply():
    one = only(why(state(pack=sent()), DEFINITION, NOW))
    assert (one.kind, one.step, one.service, one.command) == ("reply", "pack", "packer", "Dopack")
    assert (one.attempt, one.attempts, one.round) == (2, 2, 1)
    assert (one.since, one.due_at, one.overdue) == (NOW - 500, NOW + 500, False)
    assert one.last_error == "timed out"
    assert "waits for packer to answer Dopack, attempt 2 of 2" in one.text
    assert "last error: timed out" in one.text


def test_a_deadline_that_has_passed_is_said():
    one = only(why(state(pack=sent(due=NOW - 1)), DEFINITION, NOW))
    assert one.overdue
    assert "behind" in one.text


def test_it_pauses_before_the_next_attempt():
    paused = StepState("pausing", "undo", 2, 1, NOW + 100, NOW, "no route")
    one = only(why(state("compensating", pack=paused), DEFINITION, NOW))
    assert (one.kind, one.command, one.due_at) == ("retry", "Undopack", NOW + 100)
    assert "in round 2" in one.text
    assert "no route" in one.text


def test_it_waits_for_a_person():
    stuck = StepState("stuck", "undo", 1, 2, 0, NOW - 9_000, "attempts exhausted")
    one = only(why(state("compensating", pack=stuck), DEFINITION, NOW))
    assert (one.kind, one.direction, one.due_at) == ("operator", "undo", None)
    assert "retry, skip or resume" in one.text


def test_a_parked_saga_waits_for_a_person_whatever_else_is_out():
    one = only(why(state(parked="KeyError: amount", pack=sent()), DEFINITION, NOW))
    assert (one.kind, one.last_error) == ("operator", "KeyError: amount")


def test_everything_that_is_out_is_named():
    found = why(state(pack=sent(), ship=sent()), DEFINITION, NOW)
    assert [one.step for one in found] == ["pack", "ship"]


def test_an_open_saga_that_nothing_wakes_is_said_to_be_a_defect():
    done = StepState("done", "do", 1, 1, 0, NOW)
    one = only(why(state(pack=done), DEFINITION, NOW))
    assert one.kind == "nothing"
    assert "must not be" in one.text


def test_a_saga_that_has_ended_waits_for_nothing():
    assert not why(state("completed", pack=sent()), DEFINITION, NOW)
    assert not why(state("failed"), DEFINITION, NOW)


def test_without_its_definition_it_still_says_what_it_can():
    one = only(why(state(pack=sent()), None, NOW))
    assert (one.service, one.attempts, one.step) == (None, None, "pack")
    assert "the participant" in one.text


def test_a_wait_says_for_what_and_until_when():
    wait = Wait("review", "review", ("approved",), 2_000, "refused", {}, {}, "approved", True)
    definition = Definition("work", {}, (wait,))
    waiting = StepState("waiting", "do", 1, 1, NOW + 2_000, NOW, person=True)
    one = only(why(state(review=waiting), definition, NOW))
    assert (one.kind, one.command, one.due_at) == ("signal", "review", NOW + 2_000)
    assert "the signal review from a person" in one.text
    assert "then it is refused" in one.text
    assert only(why(state(review=waiting), None, NOW)).kind == "signal"


def test_a_wait_for_time_alone():
    wait = Wait("pause", "", (), 2_000, "done", {}, {})
    waiting = StepState("waiting", "do", 1, 1, NOW + 2_000, NOW)
    one = only(why(state(pause=waiting), Definition("work", {}, (wait,)), NOW))
    assert one.kind == "timer"
    assert "then it goes on" in one.text


def test_a_child_is_waited_for_until_it_ends():
    body = work("pack").definition.body[0]
    assert isinstance(body, Step)
    child = replace(body, child="packing", do=Call("packing", "saga.requests", {}))
    one = only(why(state(pack=sent()), Definition("work", {}, (child,)), NOW))
    assert (one.kind, one.command, one.service) == ("child", "packing", None)
    assert "its saga packing" in one.text
