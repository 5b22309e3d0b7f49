"""Moving a saga to another version: a fact, decided once for each request."""

import pytest
from msgspec.structs import replace

from orchestrator.definition.nodes import Call, Emit
from orchestrator.engine import forward
from orchestrator.engine.decide import park
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import Ignored, Moved, MoveRefused, Sent, Transition
from orchestrator.engine.inputs import Move, Wake
from orchestrator.engine.moving import move
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from tests.world import World, definition, step, world

AB = (step("a"), step("b"))


def moved(saga: World, new: Plan | None, request: str = "m-1") -> Transition:
    """Ask for it; the log folds to what was decided."""
    assert saga.state is not None
    version = new.version if new else "f" * 16
    given = Move(request, saga.at, version, "because", "ann")
    before = saga.state
    saga.state, told = move(saga.plan, new, before, given)
    assert evolve(before, told) == saga.state
    saga.commands += [fact for fact in told.facts if isinstance(fact, Sent)]
    if new is not None and saga.state.version == new.version:
        saga.plan = new
    return told


def state(saga: World) -> State:
    assert saga.state is not None
    return saga.state


def test_it_goes_on_by_the_other_version() -> None:
    saga, new = world(*AB), Plan(definition(*AB, step("c")))
    assert moved(saga, new).facts == (Moved(new.version, "m-1", "because", "ann"),)
    assert (state(saga).version, state(saga).moves) == (new.version, {"m-1": ""})
    saga.answer("a")
    saga.answer("b")
    assert state(saga).steps["c"].phase == "sent"


def test_what_may_begin_by_it_begins_at_once() -> None:
    saga = world(*AB)
    saga.answer("a")
    told = moved(saga, Plan(definition(step("a"), step("new"), step("b"))))
    assert [type(fact).__name__ for fact in told.facts] == ["Moved", "Sent"]
    assert state(saga).steps["new"].phase == "sent"


def test_the_same_request_is_one_move() -> None:
    saga, new = world(*AB), Plan(definition(*AB, step("c")))
    moved(saga, new)
    assert moved(saga, new).facts == (Ignored("this move has been decided already"),)
    assert moved(saga, new, "m-2").facts == (
        MoveRefused(new.version, "m-2", "because", "ann", "it runs on that version already"),
    )


def test_where_it_cannot_the_log_says_why_and_nothing_changes() -> None:
    saga = world(*AB)
    before = state(saga)
    (told,) = moved(saga, Plan(definition(step("b")))).facts
    assert isinstance(told, MoveRefused)
    assert told.why == "step a is in flight, and the new version has no such step"
    after = state(saga)
    assert (after.version, after.steps, after.mode) == (before.version, before.steps, before.mode)
    assert after.moves == {"m-1": told.why}


def test_a_version_that_is_not_known() -> None:
    saga = world(*AB)
    (told,) = moved(saga, None).facts
    assert isinstance(told, MoveRefused)
    assert told.why == f"test has no version {'f' * 16} that this partition knows"


def test_a_saga_that_has_ended_stays_as_it_is() -> None:
    saga = world(step("a"))
    saga.answer("a")
    (told,) = moved(saga, Plan(definition(*AB))).facts
    assert isinstance(told, MoveRefused)
    assert told.why == "the saga has ended: completed"


def test_a_parked_saga_is_mended_by_another_version() -> None:
    """Its command could not be filled; the new version fills it otherwise, and it is resumed."""
    wrong = step("b", do=Call("Dob", "t.commands", {"note": "input.note"}))
    saga = World(Plan(definition(step("a"), wrong)))
    saga.start()
    try:
        saga.answer("a")
    except KeyError as error:
        saga.state, _ = park(state(saga), saga.replies[-1], None, str(error))
    assert state(saga).status == "needs_operator"
    told = moved(saga, Plan(definition(*AB)))
    assert [type(fact).__name__ for fact in told.facts] == ["Moved"]
    assert state(saga).parked
    saga.repair("resume")
    saga.answer("a")
    saga.answer("b")
    assert state(saga).mode == "completed"


def test_an_engine_that_raises_refuses_the_move(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the rules did not see keeps the saga where it is."""

    def broken(_: object) -> None:
        raise ZeroDivisionError("a bug")

    saga = world(*AB)
    monkeypatch.setattr(forward, "advance", broken)
    (told,) = moved(saga, Plan(definition(*AB, step("c")))).facts
    assert isinstance(told, MoveRefused)
    assert told.why == "no decision could be made by the new version: ZeroDivisionError: a bug"
    assert state(saga).steps["a"].phase == "sent"


def test_its_deadline_stays() -> None:
    """Though the new version would give it more time."""
    saga = World(Plan(replace(definition(*AB), deadline_ms=5_000)))
    saga.start()
    deadline = state(saga).deadline
    moved(saga, Plan(replace(definition(*AB), deadline_ms=9_000)))
    assert state(saga).deadline == deadline
    saga.at = deadline
    saga.take(Wake("w", deadline))
    assert state(saga).code == "deadline_exceeded"


def test_a_saga_that_is_being_undone_is_undone_by_the_other_version() -> None:
    saga = world(*AB)
    saga.answer("a")
    saga.answer("b", "refused")
    other = step("a", undo=Call("UndoBetter", "t.commands", {"order": "input.order"}))
    told = moved(saga, Plan(definition(other, step("b"))))
    assert [type(fact).__name__ for fact in told.facts] == ["Moved"]
    saga.at += 1_000
    saga.take(Wake("w", saga.at))
    saga.wake()
    assert saga.commands[-1].command == "UndoBetter"


def test_its_end_is_told_by_the_other_version() -> None:
    end = Emit("OtherEnd", "t.events", "input.order", {"order": "input.order"})
    saga = world(step("a"))
    moved(saga, Plan(replace(definition(step("a")), completed=(end,))))
    saga.answer("a")
    assert saga.events()[-1] == "OtherEnd"
