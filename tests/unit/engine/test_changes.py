"""Signals that change the data of a running saga, at the moments at which they may."""

from orchestrator.definition.nodes import Retry
from orchestrator.engine.facts import Emitted, Failed, SignalHeld, Signalled, Transition
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from tests.world import World, changed, child, definition, step


def state(saga: World) -> State:
    assert saga.state is not None
    return saga.state


def kinds(transition: Transition) -> list[str]:
    return [type(fact).__name__ for fact in transition.facts]


def orders(*body: object, redo: str = "b") -> World:
    saga = World(Plan(changed(definition(*body), redo)))  # type: ignore[arg-type]
    saga.start()
    return saga


def test_before_the_step_the_input_changes_and_it_is_told() -> None:
    saga = orders(step("a"), step("b"))
    told = saga.tell("reorder", new=9)
    assert kinds(told) == ["Signalled", "Emitted"]
    signalled, emitted = told.facts
    assert isinstance(signalled, Signalled)
    assert signalled.changes == {"order": 9}
    assert isinstance(emitted, Emitted)
    assert emitted.data == {"order": 9, "by": "ann", "new": 9}
    saga.answer("a")
    assert saga.commands[-1].data == {"order": 9}
    assert state(saga).data["input"] == {"order": 7}, "what it was started with stays"
    saga.tell("reorder", "s-2", new=9)
    ids = [f.id for t in saga.log for f in t.facts if isinstance(f, Emitted) and "Re" in f.event]
    assert len(set(ids)) == len(ids)


def test_while_the_step_runs_it_is_held_and_then_done_again() -> None:
    saga = orders(step("a"), step("b"), step("c"))
    saga.answer("a")
    assert kinds(saga.tell("reorder", "s-1", new=9)) == ["SignalHeld"]
    assert kinds(saga.tell("reorder", "s-2", new=10)) == ["SignalHeld"]
    told = saga.answer("b")
    assert kinds(told) == [
        "Succeeded",
        *("Signalled", "Emitted"),
        *("Signalled", "Emitted"),
        "Sent",
    ]
    assert (saga.commands[-1].round, saga.commands[-1].data) == (2, {"order": 10})
    assert (state(saga).signals, state(saga).held) == ({"s-1": "", "s-2": ""}, ())
    assert kinds(saga.answer("b")) == ["Succeeded", "Sent"]
    assert saga.commands[-1].step == "c"
    assert kinds(saga.tell("reorder", "s-3", new=11)) == ["SignalRefused"]
    assert state(saga).signals["s-3"] == "too late: b is done"


def test_what_the_first_round_did_is_undone_though_the_second_was_refused() -> None:
    saga = orders(step("a"), step("b"))
    saga.answer("a")
    saga.tell("reorder", new=9)
    saga.answer("b")
    assert state(saga).steps["b"].stands == 1
    saga.answer("b", "refused")
    assert (saga.commands[-1].step, saga.commands[-1].direction) == ("b", "undo")
    assert saga.commands[-1].round == 2
    saga.answer("b")
    last = saga.answer("a")
    failed = next(fact for fact in last.facts if isinstance(fact, Failed))
    assert failed.undone == ("b", "a")
    assert saga.left() == set()


def test_what_is_asked_again_says_what_it_said() -> None:
    """A step before the one that is done again: its participant may have done the first attempt."""
    saga = orders(step("a"), step("b"))
    saga.tell("reorder", "s-1", new=9)
    saga.wake()
    saga.tell("reorder", "s-2", new=10)
    saga.wake()
    assert [command.data for command in saga.commands] == [{"order": 7}, {"order": 7}]
    saga.answer("a")
    assert saga.commands[-1].data == {"order": 10}


def test_what_waits_for_a_person_is_asked_as_before() -> None:
    saga = orders(step("r", "retriable", retry=Retry(1, 100, 100)), step("b"))
    saga.wake()
    assert state(saga).stuck == ["r"]
    saga.tell("reorder", "s-1", new=9)
    saga.repair("retry")
    assert [command.data for command in saga.commands] == [{"order": 7}, {"order": 7}]


def test_what_is_held_is_refused_when_the_saga_turns() -> None:
    saga = orders(step("a"), step("b"))
    saga.answer("a")
    saga.tell("reorder", new=9)
    told = saga.answer("b", "refused")
    assert kinds(told)[:3] == ["Refused", "Failing", "SignalRefused"]
    assert state(saga).changed == {}
    assert "being undone" in state(saga).signals["s-1"]


def test_it_is_held_through_pauses_and_by_a_step_that_waits_for_a_person() -> None:
    saga = orders(step("a", "pivot"), step("b", "retriable"), redo="b")
    saga.answer("a")
    saga.wake()
    assert state(saga).steps["b"].phase == "pausing"
    saga.tell("reorder", "s-1", new=9)
    saga.wake()
    saga.wake()
    assert state(saga).status == "needs_operator"
    saga.tell("reorder", "s-2", new=10)
    assert [one.id for one in state(saga).held] == ["s-1", "s-2"]
    saga.repair("retry", "b")
    saga.answer("b")
    assert (saga.commands[-1].round, saga.commands[-1].data) == (2, {"order": 10})


def test_an_incomplete_one_is_refused() -> None:
    saga = orders(step("a"), step("b"))
    assert kinds(saga.tell("reorder")) == ["SignalRefused"]
    assert state(saga).signals["s-1"] == "it lacks new"


def test_a_child_decides_about_it() -> None:
    saga = orders(step("a"), child("c"), redo="c")
    saga.answer("a")
    told = saga.tell("reorder", new=9)
    (held,) = told.facts
    assert isinstance(held, SignalHeld)
    assert (held.step, held.data) == ("c", {"new": 9})
    assert kinds(saga.of_child("c", "answered", signal="s-1", why="")) == ["Signalled", "Emitted"]
    assert state(saga).changed == {"order": 9}
    saga.tell("reorder", "s-2", new=10)
    saga.of_child("c", "answered", signal="s-2", why="too late: b is done")
    assert state(saga).signals == {"s-1": "", "s-2": "too late: b is done"}
    saga.wake()
    saga.wake()
    assert saga.commands[-1].data == {"order": 9}, "the child is asked again, not begun again"
    assert saga.commands[-1].round == 1
    saga.of_child("c", "succeeded", ticket=1)
    assert state(saga).mode == "completed"


def test_asking_a_participant_again_holds_nothing_once_more() -> None:
    saga = orders(step("a"), step("b"))
    saga.answer("a")
    saga.tell("reorder", new=9)
    saga.wake()
    assert kinds(saga.wake()) == ["Sent"]
    assert [one.id for one in state(saga).held] == ["s-1"]


def test_what_is_held_for_a_step_that_is_skipped_is_refused() -> None:
    """Nobody would ever decide it otherwise: the saga ends, and whoever sent it waits."""
    saga = orders(step("a", "pivot"), step("b", "read"), step("r", "retriable"))
    saga.answer("a")
    saga.answer("b", "refused")
    saga.tell("reorder", new=9)
    assert kinds(saga.repair("skip", "b")) == ["Repaired", "SignalRefused", "Sent"]
    assert (state(saga).held, state(saga).changed) == ((), {})
    assert state(saga).signals == {"s-1": "too late: b was skipped"}
