"""Any saga anywhere, moved to any other version that does not hinder it: the engine goes on, and
the saga ends as that version says, with nothing left of what was done if it fails.
"""

import os
from dataclasses import dataclass, field
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Call, Definition, Kind, Leaf, Node, Step, Wait
from orchestrator.definition.rules import check
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import Sent, Transition
from orchestrator.engine.hindrances import hindrances
from orchestrator.engine.inputs import Reply
from orchestrator.engine.moving import arrived
from orchestrator.engine.plan import Plan
from tests.world import World, definition, parallel, step, wait

NAMES = ("a", "b", "c", "d")
MOVES = 60
MANY = int(os.environ.get("SAGA_TEST_MOVES", "300"))


def fits(made: Definition) -> bool:
    """Whether a definition like this one may run."""
    try:
        check(made)
    except DefinitionError:
        return False
    return True


@st.composite
def leaves(draw: st.DrawFn, name: str, before: tuple[str, ...]) -> Leaf:
    """A step, or a wait; what it is answered with has a price too."""
    if draw(st.integers(0, 5)):
        return draw(steps(name, before))
    if draw(st.booleans()):
        return wait(name, required=("yes", "price"))
    return wait(name, signal="", required=(), accepts="", expires="done", data={"price": 1})


@st.composite
def steps(draw: st.DrawFn, name: str, before: tuple[str, ...]) -> Step:
    """A step of any kind; its messages may need a note, or what an earlier step has answered."""
    kind: Kind = draw(
        st.sampled_from(["compensatable", "compensatable", "read", "pivot", "retriable"])
    )
    sources = ["input.order", "input.order", "input.note", *(f"{one}.price" for one in before)]
    do = Call(f"Do{name}", "t.commands", {"order": draw(st.sampled_from(sources))}, ("price",))
    changes: dict[str, Any] = {"do": do}
    if kind == "compensatable":
        topic = draw(st.sampled_from(["t.commands"] * 5 + ["u.commands"]))
        changes["undo"] = Call(f"Undo{name}", topic, {"order": draw(st.sampled_from(sources))})
    return step(name, kind, **changes)


@st.composite
def bodies(draw: st.DrawFn) -> list[Leaf]:
    """The steps of a small definition, one after another, of a few names."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    return [draw(leaves(name, tuple(names[:at]))) for at, name in enumerate(names)]


@st.composite
def others(draw: st.DrawFn, body: list[Leaf]) -> Definition:
    """Another version: most steps stay as they are, some are gone, other, new or elsewhere."""
    found: list[Leaf] = []
    for one in body:
        before = tuple(step.name for step in found)
        match draw(st.sampled_from(["keep"] * 7 + ["drop", "other", "new", "swap"])):
            case "drop":
                continue
            case "other":
                found.append(draw(leaves(one.name, before)))
            case "new":
                found += [draw(leaves(f"n{one.name}", before)), one]
            case "swap" if found:
                found.insert(-1, one)
            case _:
                found.append(one)
    if draw(st.booleans()):
        found.append(draw(leaves("z", tuple(step.name for step in found))))
    return draw(arranged(found))


@st.composite
def versions(draw: st.DrawFn) -> tuple[Definition, Definition]:
    """Two versions of one definition, both of which may run."""
    body = draw(bodies())
    old = draw(arranged(body).filter(fits))
    return old, draw(others(body).filter(fits))


@st.composite
def arranged(draw: st.DrawFn, body: list[Leaf]) -> Definition:
    """The steps one after another, some at the same time."""
    nodes: list[Node] = []
    left = list(body)
    while left:
        count = draw(st.sampled_from([1, 1, 2])) if len(left) > 1 else 1
        nodes.append(left[0] if count == 1 else parallel(*left[:count]))
        left = left[count:]
    return definition(*nodes)


@dataclass
class Shop(World):
    """Participants that remember what was only looked at: it leaves nothing."""

    looked: set[str] = field(default_factory=set)

    def handle(self, command: Sent, outcome: str = "succeeded") -> Reply:
        """The kind of a step is that of the version which has it done."""
        if self.plan.steps[command.step].step.kind == "read":
            self.looked.add(command.step)
        elif command.direction == "do":
            self.looked.discard(command.step)
        return super().handle(command, outcome)


def played(world: World, choose: st.DataObject, count: int) -> None:
    """So many things happen."""
    for _ in range(count):
        state = world.state
        assert state is not None
        if not state.open:
            return
        names = [n for n, s in state.steps.items() if s.phase in ("sent", "waiting")]
        if not names:
            again(world)
            continue
        name = choose.draw(st.sampled_from(names))
        if state.steps[name].phase == "waiting":
            decided(world, name, choose.draw(st.sampled_from([True, True, False])))
            continue
        match choose.draw(
            st.sampled_from(["succeeded", "succeeded", "succeeded", "refused", "wake"])
        ):
            case "wake":
                world.wake_only(name)
            case "refused" if state.steps[name].direction == "do":
                world.answer(name, "refused")
            case _:
                world.answer(name)


def decided(world: World, name: str, yes: bool) -> None:
    """A wait comes to its end: by its signal, or by the clock."""
    node = world.plan.steps[name].step
    if isinstance(node, Wait) and node.signal and yes:
        world.tell(node.signal, f"s-{len(world.log)}", yes=True, price=1)
    else:
        world.wake_only(name)


def again(world: World) -> None:
    """What pauses goes on, what stands still is tried again."""
    state = world.state
    assert state is not None
    if state.stuck:
        world.repair("retry", state.stuck[0])
    else:
        world.wake()


def moved(world: World, plan: Plan) -> None:
    """The same saga goes by another plan from here on."""
    assert world.state is not None
    work = arrived(plan, world.state, world.at)
    after = world.state
    if work.facts:
        made = Transition(after.saga, after.number + 1, world.at, "move", tuple(work.facts))
        after = evolve(after, made)
        world.commands += [fact for fact in made.facts if isinstance(fact, Sent)]
    world.plan, world.state = plan, after


@settings(max_examples=MANY)
@given(versions(), st.integers(0, 6), st.data())
def test_what_is_not_hindered_goes_on_and_ends_well(
    both: tuple[Definition, Definition], count: int, data: st.DataObject
) -> None:
    old, new = both
    world = Shop(Plan(old))
    try:
        world.start()
        played(world, data, count)
    except KeyError:
        return  # the old version cannot be filled: that is not about moving
    state = world.state
    assert state is not None
    plan = Plan(new)
    why = hindrances(world.plan, plan, state)
    event(f"hindered: {bool(why)}, open: {state.open}")
    if why:
        return
    moved(world, plan)
    for _ in range(MOVES):
        played(world, data, 1)
    for _ in range(10 * MOVES):  # and now all goes well
        assert world.state is not None
        if not world.state.open:
            break
        steps_ = world.state.steps.items()
        if waits := [n for n, s in steps_ if s.phase == "waiting"]:
            decided(world, waits[0], True)
        elif names := [n for n, s in steps_ if s.phase == "sent"]:
            world.answer(names[0])
        else:
            again(world)
    after = world.state
    assert after is not None and not after.open, "it never ends"
    if after.mode == "failed":
        assert not world.left() - world.looked - set(after.skipped)
    else:
        assert all(after.steps[name].phase in ("done", "skipped") for name in plan.steps)


@given(bodies().flatmap(arranged).filter(fits), st.integers(0, 8), st.data())
def test_a_version_that_only_waits_longer_hinders_nobody(
    old: Definition, count: int, data: st.DataObject
) -> None:
    world = Shop(Plan(old))
    try:
        world.start()
        played(world, data, count)
    except KeyError:
        return
    assert world.state is not None
    if world.state.open:
        new = Plan(replace(old, body=tuple(map(longer, old.body))))
        lacking = [why for why in hindrances(world.plan, new, world.state) if "filled" not in why]
        assert not lacking


def longer(node: Node) -> Node:
    """The same with more time to answer."""
    return replace(node, timeout_ms=9_000) if isinstance(node, Step) else node
