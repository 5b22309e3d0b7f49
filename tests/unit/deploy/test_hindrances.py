"""Why a running saga cannot go on by another version: each reason alone, and what is no reason."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.definition.nodes import Call, Emit, Node
from orchestrator.engine.hindrances import hindrances
from orchestrator.engine.plan import Plan
from tests.world import World, changed, child, definition, parallel, step, wait, world

COMMANDS = "t.commands"


def nothing(_: World) -> None:
    """The saga stands at its first step."""


def did(*names: str) -> Callable[[World], None]:
    """These steps were done, in this order."""

    def play(saga: World) -> None:
        for name in names:
            saga.answer(name)

    return play


def told(name: str) -> Callable[[World], None]:
    """The wait got its yes."""
    return lambda saga: saga.tell(name, yes=True) and None


def refused(name: str) -> Callable[[World], None]:
    """This step is refused, after those before it were done."""

    def play(saga: World) -> None:
        assert saga.state is not None
        while name not in saga.state.steps:
            saga.answer(next(n for n, s in saga.state.steps.items() if s.phase == "sent"))
        saga.answer(name, "refused")

    return play


def why(body: tuple[Node, ...], play: Callable[[World], None], *new: Node) -> list[str]:
    """Why the saga cannot go on by the new body."""
    saga = world(*body)
    play(saga)
    assert saga.state is not None
    return hindrances(saga.plan, Plan(definition(*new)), saga.state)


def to(command: str, topic: str = COMMANDS, **fields: str) -> Call:
    """A command of a step."""
    return Call(command, topic, fields or {"order": "input.order"})


AB = (step("a"), step("b"))

GOES_ON: dict[str, tuple[Any, ...]] = {
    "another timeout": (AB, nothing, step("a", timeout_ms=5_000), step("b")),
    "a step more at the end": (AB, nothing, *AB, step("c")),
    "a step more before the point reached": (AB, did("a"), step("a"), step("new"), step("b")),
    "a step less that has not begun": (AB, nothing, step("a")),
    "another undo": (AB, did("a"), step("a", undo=to("UndoOtherwise")), step("b")),
    "a step gone that was refused": ((parallel(*AB),), refused("a"), step("b")),
    "a step gone that only looked": (
        (step("a", "read"), step("b")),
        did("a"),
        step("b"),
    ),
    "a step gone from where there is no way back": (
        (step("a"), step("p", "pivot"), step("z", "retriable")),
        did("a", "p"),
        step("p", "pivot"),
        step("z", "retriable"),
    ),
    "another time to wait": ((wait("w"), step("b")), nothing, wait("w", timeout_ms=5), step("b")),
    "a wait gone that is over": ((wait("w"), step("b")), told("w"), step("b")),
    "one after another, and at the same time": (AB, did("a"), parallel(*AB), step("c")),
}


@pytest.mark.parametrize(
    ("body", "play", "new"), [(b, p, n) for b, p, *n in GOES_ON.values()], ids=[*GOES_ON]
)
def test_it_goes_on(body: Any, play: Any, new: Any) -> None:
    assert not why(body, play, *new)


CANNOT: dict[str, tuple[Any, ...]] = {
    "the step in flight is gone": (
        AB,
        nothing,
        "step a is in flight, and the new version has no such step",
        step("b"),
    ),
    "the step in flight is asked otherwise": (
        AB,
        nothing,
        "step a is in flight as Doa, and the new version asks for Other",
        step("a", do=to("Other")),
    ),
    "the step in flight is asked elsewhere": (
        AB,
        nothing,
        "step a is in flight as t.commands, and the new version asks for u.commands",
        step("a", do=to("Doa", "u.commands")),
    ),
    "the undo in flight is gone": (
        AB,
        refused("b"),
        "step a is being undone, and the new version has no such step",
        step("b"),
    ),
    "a step done is gone": (
        AB,
        did("a"),
        "what step a has done would not be undone: the new version has no such step",
        step("b"),
    ),
    "a step done has no undo any more": (
        AB,
        did("a"),
        "what step a has done would not be undone: it has no undo any more",
        step("a", "read"),
        step("b"),
    ),
    "a pivot done is gone": (
        (step("p", "pivot"), step("z", "retriable")),
        did("p"),
        "what step p has done would not be undone: the new version has no such step",
        step("c"),
        step("z", "retriable"),
    ),
    "a step done is undone elsewhere": (
        AB,
        did("a"),
        "what step a has done was asked for on t.commands, and the new version has it undone on"
        " u.commands, where nobody knows of it",
        step("a", undo=to("Undoa", "u.commands")),
        step("b"),
    ),
    "a step that may fail comes before the pivot": (
        (step("a"), step("p", "pivot"), step("z", "retriable")),
        did("a"),
        "step new comes before p in the new version, which has been commanded, and there is no way"
        " back from it",
        step("a"),
        step("new"),
        step("p", "pivot"),
        step("z", "retriable"),
    ),
    "a step that may fail is under way beside the pivot": (
        (parallel(step("a"), step("b")), step("p", "pivot")),
        did("b"),
        "step p would not wait for a, which may fail, and there is no way back from p",
        step("a"),
        step("b"),
        step("p", "pivot"),
    ),
    "a wait is gone": (
        (wait("w"), step("b")),
        nothing,
        "step w is waiting, and the new version has no such step",
        step("b"),
    ),
    "a wait is a step": (
        (wait("w"), step("b")),
        nothing,
        "step w is waiting, and is another kind of node in the new version",
        step("w"),
        step("b"),
    ),
    "another child": (
        (child("c"),),
        nothing,
        "step c is in flight, and another saga does it in the new version",
        child("c", child="d", do=to("d", "saga.requests")),
    ),
    "the child is gone that runs": (
        (child("c"),),
        nothing,
        "step c is in flight, and the new version has no such step",
        step("d"),
    ),
    "a command has nothing to be filled from": (
        AB,
        did("a"),
        "Dob.note is filled from input.note, which is not there",
        step("a"),
        step("b", do=to("Dob", note="input.note")),
    ),
    "a later command is filled from a reply that was other": (
        (*AB, step("c")),
        did("a"),
        "Doc.price is filled from a.price, which is not there",
        *AB,
        step("c", do=to("Doc", price="a.price")),
    ),
    "the undo has nothing to be filled from": (
        AB,
        did("a"),
        "Undoa.note is filled from input.note, which is not there",
        step("a", undo=to("Undoa", note="input.note")),
        step("b"),
    ),
}


@pytest.mark.parametrize(
    ("body", "play", "because", "new"),
    [(b, p, w, n) for b, p, w, *n in CANNOT.values()],
    ids=[*CANNOT],
)
def test_it_cannot(body: Any, play: Any, because: str, new: Any) -> None:
    assert because in why(body, play, *new)


def test_an_event_has_nothing_to_be_filled_from() -> None:
    saga = world(*AB)
    end = Emit("Ended", "t.events", "input.order", {"note": "input.note"})
    new = replace(definition(*AB), completed=(end,))
    assert saga.state is not None
    assert hindrances(saga.plan, Plan(new), saga.state) == [
        "Ended.note is filled from input.note, which is not there"
    ]


def test_a_reply_that_is_still_to_come_will_fill_it() -> None:
    new = (step("a", do=Call("Doa", COMMANDS, {"order": "input.order"}, ("price",))),)
    assert not why(AB, nothing, *new, step("b", do=to("Dob", price="a.price")))


def test_the_answer_of_a_child_that_is_to_be_undone() -> None:
    """It comes before anybody could undo the child; an answer of a participant's may never come."""
    before = (step("a"), child("c", "compensatable"))
    undo = to("Undoc", ticket="c.ticket")
    assert not why(before, nothing, step("a"), child("c", "compensatable", undo=undo))
    assert not why(before, did("a"), step("a"), child("c", "compensatable", undo=undo))
    assert why(AB, did("a"), step("a"), step("b", undo=to("Undob", ticket="b.ticket"))) == [
        "Undob.ticket is filled from b.ticket, which is not there"
    ]


def test_a_signal_that_waits_to_be_decided() -> None:
    saga = World(Plan(changed(definition(*AB), "a")))
    saga.start()
    saga.tell("reorder", new=9)
    assert saga.state is not None
    assert saga.state.held
    assert hindrances(saga.plan, Plan(definition(*AB)), saga.state) == [
        "the signal reorder waits to be decided, and the new version takes none"
    ]


def test_a_change_that_could_not_be_told() -> None:
    new = changed(definition(step("a", do=to("Doa", note="input.note")), step("b")), "a")
    saga = world(*AB)
    saga.answer("a")
    assert saga.state is not None
    assert hindrances(saga.plan, Plan(new), saga.state) == [
        "Doa.note is filled from input.note, which is not there"
    ]


def test_a_saga_that_has_ended_and_one_of_another_name() -> None:
    saga = world(step("a"))
    assert saga.state is not None
    other = Plan(replace(definition(step("a")), name="other"))
    assert hindrances(saga.plan, other, saga.state) == ["it is a saga of test, and not of other"]
    saga.answer("a")
    assert saga.state is not None
    assert hindrances(saga.plan, other, saga.state) == ["the saga has ended: completed"]
