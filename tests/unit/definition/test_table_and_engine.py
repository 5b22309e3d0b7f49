"""The table tells what the engine does: for any definition, any outcomes, in any order."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.definition import DefinitionError
from orchestrator.definition.nodes import Kind, Node, Parallel, Retry, Wait
from orchestrator.definition.rules import check
from orchestrator.definition.table import Table, compensation_table
from orchestrator.engine.facts import Faulted, Refused, Succeeded
from tests.world import World, child, definition, parallel, step, wait, world

KINDS: tuple[Kind, ...] = ("compensatable", "read", "pivot", "retriable")
ONCE = Retry(attempts=1, initial_ms=1, maximum_ms=1)
MORE = ("wait", "child")
"""What may stand where a step of one of these kinds may: a wait for a read, a child for any."""


def leaf(name: str, kind: Kind, more: str) -> Node:
    """A step of that kind; or a wait, or a child."""
    if more == "wait" and kind == "read":
        return wait(name)
    if more == "child" and kind != "retriable":
        return child(name, kind)
    return step(name, kind, retry=ONCE)


def bodies(
    draw: st.DrawFn, kinds: tuple[Kind, ...], names: Iterator[str], depth: int
) -> tuple[Node, ...]:
    """A sequence of one to three nodes of these kinds."""
    nodes: list[Node] = []
    for _ in range(draw(st.integers(1, 3 if depth == 2 else 2))):
        if depth and draw(st.booleans()):
            branches = [bodies(draw, kinds, names, depth - 1) for _ in range(2)]
            nodes.append(parallel(*branches))
        else:
            kind = draw(st.sampled_from(kinds))
            nodes.append(leaf(next(names), kind, draw(st.sampled_from(("step", *MORE)))))
    return tuple(nodes)


def calm(name: str) -> Node:
    """A wait in which nobody can say no."""
    return wait(name, expires="done", data={"yes": True}, accepts="", refusals={})


def steps_only(body: tuple[Node, ...]) -> tuple[Node, ...]:
    """The same without what may fail past the point of no return."""
    made: list[Node] = []
    for node in body:
        if isinstance(node, Parallel):
            made.append(Parallel(tuple(map(steps_only, node.branches))))
        elif isinstance(node, Wait):
            made.append(calm(node.name))
        else:
            made.append(step(node.name, node.kind, retry=ONCE) if node.child else node)
    return tuple(made)


@st.composite
def right_bodies(draw: st.DrawFn) -> tuple[Node, ...]:
    """What the rules allow: what can be undone, perhaps a pivot, what must succeed."""
    names = (f"s{number}" for number in count())
    body: tuple[Node, ...] = bodies(draw, ("compensatable", "read"), names, 2)
    if draw(st.booleans()):
        body += (leaf(next(names), "pivot", draw(st.sampled_from(("step", "child")))),)
        if draw(st.booleans()):
            body += (calm(next(names)),)
        if draw(st.booleans()):
            body += steps_only(bodies(draw, ("retriable", "read"), names, 1))
    elif draw(st.booleans()):
        body += bodies(draw, ("retriable",), names, 1)
    return body


@st.composite
def any_bodies(draw: st.DrawFn) -> tuple[Node, ...]:
    return bodies(draw, KINDS, (f"s{number}" for number in count()), 1)


def play(one: World, draw: st.DrawFn | Any) -> None:
    """Answer or do not answer, in any order, until nothing moves any more."""
    outcomes = answers = st.sampled_from(["succeeded", "succeeded", "refused", "silent"])
    will: dict[str, str] = {}
    while one.state and one.state.open:
        ready: list[str] = []
        for name, state in one.state.steps.items():
            if state.child and state.phase == "sent" and state.direction == "do":
                # A child always ends.
                will.setdefault(name, draw(st.sampled_from(["succeeded", "refused"])))
            if state.phase == "waiting" and will.setdefault(name, draw(answers)) != "silent":
                ready.append(name)
            if (state.phase == "sent" and will.setdefault(name, draw(outcomes)) != "silent") or (
                state.phase == "sent" and state.direction == "undo"
            ):
                ready.append(name)
        if ready:
            name = draw(st.sampled_from(ready))
            if one.state.steps[name].phase == "waiting":
                one.tell(name, name, yes=will[name] == "succeeded")
                continue
            undoing = one.state.steps[name].direction == "undo"
            one.answer(name, "succeeded" if undoing else will[name])
        elif one.state.wake_at:
            one.wake()
        else:
            break


def happened(one: World) -> dict[str, str]:
    found: dict[str, str] = {}
    for fact in (fact for transition in one.log for fact in transition.facts):
        match fact:
            case Succeeded(direction="do"):
                found[fact.step] = "success"
            case Refused(direction="do"):
                found[fact.step] = "refused"
            case Faulted(direction="do"):
                found[fact.step] = "unknown"
            case _:
                pass
    return found


def agree(table: Table, one: World) -> None:
    assert one.state
    row = table.row(happened(one))
    assert row, happened(one)
    assert one.state.status == row.result
    assert sorted(one.state.undone) == sorted(action.step for action in row.actions)
    if row.result == "failed":
        assert one.state.http in row.statuses
    assert row.definite == ("unknown" not in happened(one).values())


@given(right_bodies(), st.data())
def test_the_engine_does_what_the_table_says(body: tuple[Node, ...], data: st.DataObject) -> None:
    check(definition(*body))
    one = world(*body)
    play(one, data.draw)
    table = compensation_table(definition(*body))
    if table.complete:
        agree(table, one)


@given(any_bodies(), st.data())
def test_what_the_rules_let_through_never_ends_half_done(
    body: tuple[Node, ...], data: st.DataObject
) -> None:
    """A saga that failed has left nothing behind, whatever the order of its kinds was."""
    try:
        check(definition(*body))
    except DefinitionError:
        return
    one = world(*body)
    play(one, data.draw)
    assert one.state
    if one.state.mode == "failed":
        kinds = {name: planned.step.kind for name, planned in one.plan.steps.items()}
        assert {kinds[name] for name in one.left()} <= {"read"}


def test_the_rules_are_why() -> None:
    """Without them a saga could fail and leave something behind."""
    body = (step("first", "retriable"), step("second"))
    with pytest.raises(DefinitionError):
        check(definition(*body))
    one = world(*body)
    one.answer("first")
    one.answer("second", "refused")
    assert one.state
    assert one.state.mode == "failed"
    assert one.left() == {"first"}
