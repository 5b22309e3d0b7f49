"""What the model of a chaos run says of waits, changes, children and signals."""

import msgspec
import pytest

from orchestrator.chaos import decisions, effects, kin, legal
from orchestrator.chaos.asked import Asked, child_of, turns_of
from orchestrator.chaos.customers import Said
from orchestrator.chaos.kin import Begun, Told
from orchestrator.chaos.retrace import retrace
from orchestrator.chaos.shapes import Drawn, Errand, Shape, Waiting
from orchestrator.chaos.starts import Start
from orchestrator.engine.inputs import Parent, Reply
from orchestrator.engine.inputs import Start as Begin
from orchestrator.engine.plan import Plan
from tests.world import World, changed, child, definition, parallel, step, timed, wait, world

KEY = "1/1024/c/do/1"


def shape(name: str, attempts: int = 2) -> Shape:
    return Shape(name, "compensatable", "East", 1_000, attempts, 50)


INNER = Drawn("c", (shape("a"),))
DRAWN = Drawn(
    "test",
    (
        shape("a"),
        Waiting("w", 1_000, "refused"),
        Errand("c", INNER, "compensatable", "East", 1_000),
    ),
)


def told(made: World) -> Told:
    assert made.state is not None
    return Told(made.state, made.log)


def parent(undo_too: bool = False, *, kind: str = "compensatable") -> World:
    """A saga whose child runs."""
    made = world(step("a"), child("c", kind), *([step("b")] if undo_too else []))  # type: ignore[arg-type]
    made.answer("a")
    return made


def inner(outcome: str = "succeeded") -> World:
    """Its child, at its end."""
    made = World(Plan(definition(step("a"))))
    waits = Parent(1024, "c", 1)
    made.take(Begin("start", 1, 2048, made.plan.version, 1, KEY, {"order": 7}, parent=waits))
    made.answer("a", outcome)
    return made


def same(made: World, **carried: dict[str, object]) -> None:
    """Its log is decided again the same, and without any one of its transitions it is not."""
    found = retrace(made.plan, made.log, carried)
    assert not found.differences
    assert found.state == made.state
    for index in range(len(made.log) - 1):
        assert retrace(made.plan, made.log[:index] + made.log[index + 1 :], carried).differences


@pytest.mark.parametrize("approved", [True, False])
def test_a_wait_is_decided_again(approved: bool) -> None:
    made = world(step("a"), wait("approve"), step("b"))
    made.answer("a")
    made.tell("approve", "s-1", yes=approved)
    made.answer("b" if approved else "a")
    made.tell("approve", "s-2", yes=True)
    same(made, **{"s-1": {"yes": approved}, "s-2": {"yes": True}})


def test_a_wait_whose_time_is_over_is_decided_again() -> None:
    made = world(step("a"), wait("approve"))
    made.answer("a")
    made.wake()
    made.answer("a")
    same(made)


def test_a_change_is_decided_again() -> None:
    made = World(Plan(changed(definition(step("a"), step("b")), "a")))
    made.start()
    made.tell("reorder", "s-1", new=9)
    made.answer("a")
    made.answer("a")
    made.answer("b")
    same(made, **{"s-1": {"new": 9}})


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("late", [True, False])
def test_what_a_child_decides_is_decided_again(applied: bool, late: bool) -> None:
    """Its answer, or its end where the answer never came."""
    made = parent(kind="pivot")
    made.tell("cancel", "s-1")
    if not late:
        made.of_child("c", "answered", signal="s-1", why="" if applied else "too late")
    names = ("s-1",) if late and applied else ()
    outcome = "refused" if applied else "succeeded"
    data = {"code": "cancelled", "reason": "so"} if applied else {"ticket": 1}
    made.take(Reply("c/end", made.at, "c", "do", 1, 1, outcome, data, names))
    if applied:
        made.answer("a")
    same(made)
    assert made.state is not None
    assert made.state.mode == ("failed" if applied else "completed")


def test_a_deadline_is_decided_again() -> None:
    made = World(Plan(timed(definition(step("a"), parallel(child("c", "compensatable"))), 500)))
    made.start()
    made.answer("a")
    made.wake()
    made.of_child("c", "refused", code="cancelled", reason="so")
    made.answer("a")
    same(made)


def test_a_later_round_takes_the_place_of_the_one_before() -> None:
    made = World(Plan(changed(definition(step("a"), step("b")), "a")))
    made.start()
    made.tell("reorder", "s-1", new=9)
    made.answer("a")
    made.answer("a")
    made.answer("b", "refused")
    made.answer("a")
    assert made.state is not None
    known = effects.rounds(made.log)
    assert known["a"] == effects.Rounds(2, 0, {"order": 9})

    def wrong(**found: tuple[int, int]) -> list[str]:
        assert made.state is not None
        return list(effects.differences({"a": True, "b": True}, made.state, known, found))

    assert not wrong(a=(2, 2))
    assert wrong(a=(1, 1)) == ["failed: a was done 1 and undone 1, not 2 and 2 times"]
    assert wrong(a=(2, 1)) and wrong(a=(2, 2), b=(1, 1))


def test_the_amount_that_stands_is_the_last_one() -> None:
    known = {"s": effects.Rounds(2, 0, {"amount": 9})}
    assert not list(effects.amounts(known, {"s": (2, 1)}, {"s": 9}))
    assert list(effects.amounts(known, {"s": (2, 1)}, {"s": 7})) == ["s stands with 7, not 9"]
    assert not list(effects.amounts(known, {"s": (2, 2)}, {"s": 0}))
    assert list(effects.amounts(known, {"s": (2, 2)}, {"s": 2}))


def test_an_unknown_round_was_done_or_not() -> None:
    made = world(step("a"), step("b"))
    made.answer("a")
    made.wake()
    while made.state is not None and made.state.mode == "forward":
        made.wake()
    for name in ("b", "a"):
        made.answer(name)
    known = effects.rounds(made.log)
    assert (known["a"].unknown, known["b"].unknown) == (0, 1)
    for found, right in (((0, 0), True), ((1, 1), True), ((1, 0), False)):
        assert made.state is not None
        steps = {"a": True, "b": True}
        both = {"a": (1, 1), "b": found}
        assert right != bool(list(effects.differences(steps, made.state, known, both)))


def test_parent_and_child_agree() -> None:
    made, below = parent(), inner()
    made.of_child("c", "succeeded", ticket=1)
    begun = kin.begun(told(made))[KEY]
    assert begun == Begun("c", "c", KEY, {"order": 7})
    heard = list(kin.disagreements(told(made), told(below), begun))
    assert heard == ["its parent heard {'ticket': 1}, and it has said {}"]
    made = parent()
    made.of_child("c", "refused", code="no", reason="so")
    heard = list(kin.disagreements(told(made), told(below), begun))
    assert heard == ["its parent heard no, and it is completed "]
    assert not list(kin.disagreements(told(made), told(inner("refused")), begun))
    lost = list(kin.disagreements(told(parent()), told(below), begun))
    assert lost == ["its parent has heard 0 ends of it"]


def test_parent_and_child_agree_on_what_was_said() -> None:
    made, below = parent(), inner("refused")
    made.of_child("c", "refused", code="no", reason="so")
    begun = kin.begun(told(made))[KEY]

    def wrong(above: str, here: str) -> list[str]:
        one, other = told(made), told(below)
        one.state.signals, other.state.signals = {"s-1": above}, {"s-1": here}
        return list(kin.disagreements(one, other, begun))

    assert not wrong("", "") and not wrong("no", "no")
    assert wrong("", "no") == ["it has refused s-1, and its parent has applied it"]
    assert not wrong("no", "")  # it has turned meanwhile


def test_what_a_child_may_come_to() -> None:
    """It is stopped with its parent; what the parent has undone of it does not stand."""
    made = parent(True)
    made.of_child("c", "succeeded", ticket=1)
    made.answer("b", "refused")
    begun = kin.begun(told(made))[KEY]
    start = Start("test", "k", {"c_do_a": "no"}, 0, None)
    above = Asked("test", "k", DRAWN, start.input, turns_of(start, DRAWN))
    assert made.state is not None
    asked = child_of(above, begun, made.state)
    assert (asked.key, asked.given, asked.turns) == (KEY, {"do_a": "no"}, ("cancelled",))
    assert not asked.taken_back
    made.answer("c")
    assert child_of(above, begun, made.state).taken_back
    below = told(inner())
    found = {"a": (1, 1)}
    rounds = effects.rounds(below.history)
    assert list(effects.differences({"a": True}, below.state, rounds, found))
    assert not list(effects.differences({"a": True}, below.state, rounds, found, taken_back=True))


def failed(code: str, *turns: str, given: dict[str, object] | None = None) -> list[str]:
    """What the model has against a failure with this code."""
    state = msgspec.structs.replace(told(inner("refused")).state, code=code)
    return list(legal.end(DRAWN, given or {}, state, turns))


def test_a_failure_has_a_cause() -> None:
    assert not failed("cancelled", "cancelled")
    assert failed("cancelled") and failed("deadline_exceeded", "cancelled")
    assert not failed("rejected")
    assert not failed("no")  # given up without an answer, as a kill may do


def test_what_cannot_succeed_in_a_child_fails_its_parent() -> None:
    done = told(inner()).state
    assert not list(legal.end(DRAWN, {}, done))
    assert list(legal.end(DRAWN, {"c_do_a": "never"}, done)) == [
        "completed, though c/a cannot succeed"
    ]


def test_every_signal_is_decided_once() -> None:
    made = world(step("a"), step("b"))
    made.tell("cancel", "s-1")
    one = Said("s-1", "cancel", 0, 0, None)

    def wrong(*said: Said, **fates: set[str]) -> list[str]:
        return list(decisions.differences(said, told(made), {"s-1": fates.get("heard", set())}))

    assert not wrong(one) and not wrong(one, heard={"applied"})
    assert wrong(one, heard={"refused"}) == [
        "cancel s-1 was applied, and the doors said {'refused'}"
    ]
    other = Said("s-2", "cancel", 0, 0, None)
    assert wrong(one, other) == ["cancel s-2 was decided 0 times: []"]
    assert wrong() == ["it has decided s-1, which nobody has said"]
    assert list(decisions.decided(told(made))) == ["cancel applied"]
