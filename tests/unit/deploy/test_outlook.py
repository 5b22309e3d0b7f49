"""The first thing that another version would do otherwise, now or later, in words."""

from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.definition.nodes import Call, Emit, Node, Retry
from orchestrator.deploy.outlook import Outlook, outlook
from orchestrator.engine.decide import park
from orchestrator.engine.facts import Parked
from orchestrator.engine.inputs import Wake
from orchestrator.engine.plan import Plan
from tests.world import World, definition, parallel, step, timed, world

AB = (step("a"), step("b"))


def seen(saga: World, *new: Node) -> Outlook:
    """What the new body would do otherwise."""
    assert saga.state is not None
    return outlook(saga.plan, Plan(definition(*new)), saga.state)


def to(command: str, topic: str = "t.commands", **fields: str) -> Call:
    return Call(command, topic, fields or {"order": "input.order"})


DIFFERENCES: dict[str, tuple[Any, ...]] = {
    "a longer time now": (
        (step("a", timeout_ms=5_000), step("b")),
        "when the pause of a ends (after a fails): a is asked with 5 s to answer instead of 1 s",
    ),
    "a longer time later": (
        (step("a"), step("b", timeout_ms=5_000)),
        "when a succeeds: b is asked with 5 s to answer instead of 1 s",
    ),
    "another command later": (
        (step("a"), step("b", do=to("Other"))),
        "when a succeeds: b is asked with Other instead of Dob",
    ),
    "elsewhere": (
        (step("a"), step("b", do=to("Dob", "u.commands"))),
        "when a succeeds: b is asked on u.commands instead of t.commands",
    ),
    "other fields": (
        (step("a"), step("b", do=to("Dob", number="input.order"))),
        "when a succeeds: b is asked (Dob) with number and without order",
    ),
    "a step more": (
        (*AB, step("c")),
        "when b succeeds (after a succeeds): c is asked (Doc), instead of: it completes",
    ),
    "a step less": (
        (step("a"),),
        "when a succeeds: it completes, instead of: b is asked (Dob)",
    ),
    "another undo": (
        (step("a", undo=to("Other")), step("b")),
        "when b is refused (no) (after a succeeds): a is undone with Other instead of Undoa",
    ),
    "a longer pause": (
        (step("a", retry=Retry(2, 500, 1_000)), step("b")),
        "when a fails: a is asked again after 0.5 s, instead of: is asked again after 0.1 s",
    ),
    "fewer attempts": (
        (step("a", retry=Retry(1, 100, 1_000)), step("b")),
        "when a fails: a is given up, instead of: is asked again after 0.1 s",
    ),
    "no way back any more": (
        (step("a"), step("b", "retriable")),
        "when b is refused (no) (after a succeeds): b waits for an operator, instead of: it turns"
        " back (no, 409)",
    ),
    "another refusal": (
        (step("a", refusals={"no": 404}), step("b")),
        "when a is refused (no): a counts as refused (no, 404), instead of: a counts as refused"
        " (no, 409)",
    ),
}


@pytest.mark.parametrize(("new", "said"), DIFFERENCES.values(), ids=[*DIFFERENCES])
def test_the_first_difference(new: Any, said: str) -> None:
    found = seen(world(*AB), *new)
    assert found.difference == said
    assert not found.failure


def test_the_same_is_the_same() -> None:
    assert seen(world(*AB), *AB) == Outlook()
    assert seen(world(parallel(*AB)), parallel(step("b"), step("a"))) == Outlook()


def test_what_is_behind_the_saga_does_not_count() -> None:
    saga = world(*AB)
    saga.answer("a")
    assert seen(saga, step("a", timeout_ms=9), step("b")) == Outlook()


def test_another_deadline_is_none_for_a_saga_that_has_its_own() -> None:
    saga = World(Plan(timed(definition(*AB), 5_000)))
    saga.start()
    assert saga.state is not None
    assert outlook(saga.plan, Plan(timed(definition(*AB), 9_000)), saga.state) == Outlook()


def test_a_decision_that_cannot_be_made() -> None:
    found = seen(world(*AB), step("a"), step("b", do=to("Dob", note="input.note")))
    assert found.failure == "when a succeeds: KeyError: 'note'"


def test_another_event_at_its_end() -> None:
    saga = world(step("a"))
    assert saga.state is not None
    end = Emit("Ended", "t.events", "input.order", {})
    new = replace(definition(step("a")), completed=(end,))
    found = outlook(saga.plan, Plan(new), saga.state)
    assert found.difference == "when a succeeds: event Ended is told without order"


def test_a_parked_saga_is_resumed_by_an_operator() -> None:
    saga = world(*AB)
    assert saga.state is not None
    saga.state, told = park(saga.state, Wake("w", 2_000), None, "a bug")
    assert told.facts == (Parked("a bug"),)
    found = seen(saga, step("a", timeout_ms=5_000), step("b"))
    assert "when an operator has it resume: a is asked with 5 s" in found.difference


def test_policies_without_end_are_looked_at_for_a_while() -> None:
    forever = Retry(0, 100, 1_000)
    body = (step("a", retry=forever, undo_retry=forever), step("b", "pivot", retry=forever))
    found = seen(world(*body), *body)
    assert found == Outlook()


def test_large_definitions_are_cut() -> None:
    body: tuple[Node, ...] = (parallel(*(step(f"s{n}") for n in range(9))),)
    found = seen(world(*body), *body)
    assert not found.exhausted
