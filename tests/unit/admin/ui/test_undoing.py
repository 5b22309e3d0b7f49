"""What undoing would do: what the engine says beforehand is what it then really does."""

from collections.abc import Callable

import pytest

from orchestrator.admin.ui.undoing import Undoing, undoing
from orchestrator.definition.nodes import Call
from orchestrator.engine.facts import Sent
from orchestrator.engine.inputs import Wake
from orchestrator.engine.plan import Plan
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.orders import order, shipping
from tests.unit.admin.work import step, work
from tests.world import World, parallel, world
from tests.world import step as node


def said(backend: FakeBackend, saga: int, plan: Plan | None = None) -> Undoing:
    state = backend.reader.state(saga)
    assert state is not None
    return undoing(plan or Plan(order.definition), state, backend.clock.now_ms())


def order_of(found: Undoing) -> list[tuple[int, str]]:
    return [(undo.turn, undo.command) for undo in found.commands]


async def test_it_says_the_commands_in_their_order_with_their_fields(
    backend: FakeBackend, ordered: Callable
) -> None:
    found = said(backend, await ordered(payment=""))
    assert (found.standing, found.settling) == ("would", ("payment",))
    assert order_of(found) == [(1, "RestoreThings"), (1, "RefundCard")]
    assert found.commands[0].fields == {"order": 7}
    assert found.commands[0].service == "inventory"


async def test_nothing_is_done_by_asking(backend: FakeBackend, ordered: Callable) -> None:
    saga = await ordered(payment="")
    before = backend.reader.state(saga)
    said(backend, saga)
    assert backend.reader.state(saga) == before


async def test_a_child_with_a_point_of_no_return_decides(
    backend: FakeBackend, ordered: Callable
) -> None:
    saga = await ordered(prepare="")
    found = said(backend, saga)
    assert (found.standing, found.why) == ("held", "shipping")
    assert order_of(found) == [(1, "RestoreThings"), (1, "RefundCard")]
    row = backend.reader.by_key(1, "shipping", f"1/{saga}/shipping/do/1")
    assert row is not None
    child = said(backend, row.id, Plan(shipping.definition))
    assert (child.standing, order_of(child)) == ("would", [(1, "UnpackThings")])


async def test_past_the_point_of_no_return_there_is_no_way_back(
    backend: FakeBackend, ordered: Callable
) -> None:
    found = said(backend, await ordered(ship=""))
    assert found.standing == "refused"
    assert "no way back" in found.why
    assert not found.commands


async def test_what_is_owed_still(backend: FakeBackend, ordered: Callable) -> None:
    found = said(backend, await ordered(payment="refused", undo_inventory=""))
    assert (found.standing, order_of(found)) == ("will", [(1, "RestoreThings")])


async def test_a_saga_that_stands_still_says_what_a_repair_would_lead_to(
    backend: FakeBackend, ordered: Callable
) -> None:
    found = said(backend, await ordered(payment="refused", undo_inventory="refused"))
    assert (found.standing, order_of(found)) == ("will", [(1, "RestoreThings")])


async def test_an_end_is_an_end(backend: FakeBackend, ordered: Callable) -> None:
    assert said(backend, await ordered()).standing == "over"


async def test_what_cannot_be_computed_is_said_and_nothing_breaks(backend: FakeBackend) -> None:
    broken = step("pack")
    undo = Call("Undopack", "packer.commands", {"order": "input.gone"})
    saga = work("pack", "ship")
    definition = saga.definition
    body = (type(broken)(**{**_fields(broken), "undo": undo}), *definition.body[1:])
    plan = Plan(type(definition)(definition.name, definition.input, body))
    backend.answers["ship"] = ""
    await backend.start("work", "k", {"order": 7}, 1)
    row = backend.reader.by_key(1, "work", "k")
    assert row is not None
    found = said(backend, row.id, plan)
    assert found.standing == "unknown"
    assert "gone" in found.why


def _fields(struct) -> dict:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


TREES = {
    "a sequence": (node("a"), node("b"), node("c")),
    "a fork": (node("a"), parallel(node("b"), (node("c"), node("d"))), node("e")),
}


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("answers", range(5))
def test_what_is_said_beforehand_is_what_happens(name: str, answers: int) -> None:
    saga = world(*TREES[name])
    for command in saga.commands[:answers]:
        saga.take(saga.handle(command))
    assert saga.state is not None
    found = undoing(saga.plan, saga.state, saga.at)
    assert found.standing == "would"
    assert [(undo.command, undo.fields) for undo in found.commands] == _really(saga)


def _really(saga: World) -> list[tuple[str, dict]]:
    """Cancel it, let nobody answer what is in flight, and let every undo succeed."""
    saga.tell("cancel", reason="really")
    told: list[Sent] = []
    while saga.state is not None and saga.state.open:
        undos = [c for c in saga.commands if c.direction == "undo" and c not in told]
        if undos:
            told += undos
            for command in undos:
                saga.take(saga.handle(command))
        else:
            due = max(step.due for step in saga.state.steps.values() if step.waits)
            saga.take(Wake("wake", due))
    order = [step.name for step in saga.plan.backwards]
    turns: dict[int, list[Sent]] = {}
    for command in told:
        turns.setdefault(_turn(saga, command), []).append(command)
    return [
        (command.command, command.data)
        for _, commands in sorted(turns.items())
        for command in sorted(commands, key=lambda c: order.index(c.step))
    ]


def _turn(saga: World, wanted: Sent) -> int:
    """How many undos of later steps went before this one, at most, one after another."""
    undone = {c.step for c in saga.commands if c.direction == "undo"}
    after = saga.plan.steps[wanted.step].after & undone
    longest = 0
    for name in after:
        inner = next(c for c in saga.commands if c.direction == "undo" and c.step == name)
        longest = max(longest, _turn(saga, inner) + 1)
    return longest
