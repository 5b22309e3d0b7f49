"""Every outcome of every step of our sagas, in every order, against the compiled table."""

from collections.abc import Iterator
from copy import copy
from itertools import pairwise, product

import pytest

from orchestrator.definition import Saga
from orchestrator.definition.nodes import version
from orchestrator.definition.table import Row, Table, compensation_table
from orchestrator.engine.facts import Sent
from orchestrator.engine.inputs import Start
from orchestrator.engine.plan import Plan
from sagas.order_cancellation import order_cancellation
from sagas.order_fulfillment import order_fulfillment
from tests.world import World

SAGAS = {
    order_fulfillment.name: (
        order_fulfillment,
        {"order_id": 7, "user_id": 1, "product_id": 2, "quantity": 3},
    ),
    order_cancellation.name: (order_cancellation, {"order_id": 7, "reason": "changed my mind"}),
}
OUTCOMES = {"success": ("success",), "refused": ("refused",), "unknown": ("done", "not done")}
"""What the table calls an outcome, and what may really have happened then."""


def begin(saga: Saga, given: dict[str, object]) -> World:
    """The saga, started."""
    world = World(Plan(saga.definition))
    world.take(Start("start", 1, 1024, version(saga.definition), 1, "key", given))
    return world


def branch(world: World) -> World:
    """A copy that goes its own way."""
    twin = copy(world)
    for name in ("log", "commands", "replies", "done", "undone", "refused", "tombstones"):
        setattr(twin, name, copy(getattr(world, name)))
    return twin


def walk(world: World, outcomes: dict[str, str]) -> Iterator[tuple[World, dict[str, str]]]:
    """Let every step that is in flight come to each outcome, in every order; yields the ends."""
    assert world.state is not None
    flying = [n for n, s in world.state.steps.items() if s.direction == "do" and s.waits]
    if not flying:
        yield world, outcomes
        return
    for name, (outcome, truths) in product(flying, OUTCOMES.items()):
        if outcome == "refused" and not world.plan.steps[name].step.refusals:
            continue
        for truth in truths:
            twin = branch(world)
            settle(twin, name, truth)
            yield from walk(twin, {**outcomes, name: outcome})


def settle(world: World, name: str, truth: str) -> None:
    """Bring one step to its end: an answer, or failures until it is given up."""
    if truth in ("success", "refused"):
        world.answer(name, "succeeded" if truth == "success" else truth)
        return
    command = next(c for c in reversed(world.commands) if c.step == name)
    if truth == "done":
        world.handle(command)
    for attempt in range(1, 1_000):
        assert world.state is not None
        step = world.state.steps[name]
        if not step.waits or step.direction == "undo":
            return
        if step.phase == "pausing":
            world.wake_only(name)
        else:
            world.fail(name, attempt)
    raise AssertionError(f"{name} is never given up")


def undo_all(world: World) -> list[set[str]]:
    """Answer every undo; returns the groups in which they went out."""
    groups: list[set[str]] = []
    for _ in range(100):
        assert world.state is not None
        waiting = {n for n, s in world.state.steps.items() if s.direction == "undo" and s.waits}
        if not waiting:
            return groups
        groups.append(waiting)
        for name in waiting:
            world.answer(name)
    raise AssertionError("undo never ends")


def compare(table: Table, row: Row | None, world: World, groups: list[set[str]]) -> None:
    """What happened is what the row says."""
    assert row is not None and world.state is not None
    assert world.state.status == row.result
    sent = [f.step for t in world.log for f in t.facts if isinstance(f, Sent) and f.step]
    undone = {name for group in groups for name in group}
    assert undone == {action.step for action in row.actions}
    assert undone <= set(sent)
    order = [action.step for action in row.actions]
    for earlier, later in pairwise(groups):
        assert max(map(order.index, earlier)) < min(map(order.index, later))
    if row.result == "failed":
        assert world.state.http in row.statuses
        undoable = {n for n, s in world.plan.steps.items() if s.undo}
        assert not world.left() & undoable
        assert {c.step for c in table.columns if row.outcomes[c.step] == ""}.isdisjoint(sent)
    if row.result == "completed":
        assert world.left() == set(world.plan.steps)


@pytest.mark.parametrize("name", SAGAS)
def test_every_combination_of_outcomes_in_every_order(name: str) -> None:
    saga, given = SAGAS[name]
    table = compensation_table(saga.definition)
    seen: set[tuple[tuple[str, str], ...]] = set()
    for world, outcomes in walk(begin(saga, given), {}):
        row = table.row(outcomes)
        compare(table, row, world, undo_all(world))
        seen.add(tuple(sorted(outcomes.items())))
    listed = {tuple(sorted((s, o) for s, o in r.outcomes.items() if o)) for r in table.rows}
    assert seen == listed
