"""When two situations are the same: what is left out, and which branches may be exchanged.

Left out are values, texts, times and counts: of an attempt only whether it is the first and how
many are left, of the log what it says of each step. Branches of one parallel that are written alike
may be exchanged (``folded``): what one does the others would do.
"""

from collections.abc import Iterator
from typing import Any

from orchestrator.definition.nodes import Call, Node, Parallel, Retry, Wait
from orchestrator.engine.plan import Plan, PlannedWait
from orchestrator.engine.state import StepState
from orchestrator.verify.book import Entry, Kept
from orchestrator.verify.participant import Participant
from orchestrator.verify.world import World

Key = tuple[Any, ...]
Codes = tuple[int, ...]

_NOBODY = Participant()


class Canonical:
    """The keys of the situations of one definition."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._codes: dict[Key, int] = {}
        self._names = list(plan.steps)
        place = {name: index for index, name in enumerate(self._names)}
        self._tree = [_shape(node, plan, place) for node in plan.definition.body]

    def key(self, world: World, parent: World, codes: Codes) -> Key:
        """The situation, each step at its place. ``codes`` are those of its parent: a step that
        has not changed keeps its own.
        """
        state = world.begun
        return (
            (
                *(state.mode, bool(state.parked), bool(state.repairs)),
                *(world.signal is not None, world.book.cause, world.book.events),
                *(bool(state.deadline), state.late, world.book.changed),
            ),
            tuple(self._all(world, parent, codes)),
        )

    def _all(self, world: World, parent: World, codes: Codes) -> Iterator[int]:
        now, entries, people = world.begun.steps, world.book.entries, world.people
        if not codes:
            yield from (self._step(world, name) for name in self._names)
            return
        before = parent.begun.steps
        for name, code in zip(self._names, codes, strict=True):
            same = (
                now.get(name) is before.get(name)
                and entries.get(name) is parent.book.entries.get(name)
                and people.get(name) is parent.people.get(name)
            )
            yield code if same else self._step(world, name)

    def folded(self, key: Key) -> Key:
        """The same for every exchange of branches that are alike."""
        return (key[0], tuple(_fold(one, key[1]) for one in self._tree))

    def _step(self, world: World, name: str) -> int:
        step = world.begun.steps.get(name)
        whole = (
            None if step is None else self._engine(name, step),
            *_named(world.book.of(name), world.people.get(name, _NOBODY)),
        )
        return self._codes.setdefault(whole, len(self._codes))

    def _engine(self, name: str, step: StepState) -> Key:
        planned = self._plan.steps[name]
        if isinstance(planned, PlannedWait):
            return (step.phase,)
        policy = planned.step
        retry: Retry = policy.retry if step.direction == "do" else policy.undo_retry
        left = max(retry.attempts - step.attempt + step.spent, -1) if step.waits else 0
        again = step.attempt > 1 and step.phase == "sent"
        place = (step.phase, step.direction, step.round, left, again, step.settled)
        return (*place, step.stands) if step.stands else place


def _named(entry: Entry, one: Participant) -> tuple[Entry, Participant]:
    """The same, with signals by their place among those of the step: which number they have does
    not matter.
    """
    if not entry.held and not entry.told and not one.child.said:
        return entry, one
    order = {kept.id: "" for kept in (*entry.told, *entry.held)}
    for place, identity in enumerate(order):
        order[identity] = str(place)
    held, told = (
        tuple(Kept(order[kept.id], kept.signal) for kept in some)
        for some in (entry.held, entry.told)
    )
    said = tuple(each._replace(id=order.get(each.id, "")) for each in one.child.said)
    return entry._replace(held=held, told=told), one._replace(child=one.child._replace(said=said))


_Shape = int | tuple[tuple[Any, ...], ...]
"""A step's place, or groups of branches that are alike; each branch is a sequence."""


def _shape(node: Node, plan: Plan, place: dict[str, int]) -> _Shape:
    if not isinstance(node, Parallel):
        return place[node.name]
    groups: dict[Any, list[Any]] = {}
    for branch in node.branches:
        like = tuple(_likeness(inner, plan) for inner in branch)
        groups.setdefault(like, []).append([_shape(inner, plan, place) for inner in branch])
    return tuple(tuple(group) for group in groups.values())


def _likeness(node: Node, plan: Plan) -> Any:
    """What two branches have in common that may be exchanged."""
    if isinstance(node, Parallel):
        return tuple(tuple(_likeness(inner, plan) for inner in branch) for branch in node.branches)
    read = bool(plan.readers(node.name))
    if isinstance(node, Wait):
        said = (bool(node.signal), bool(node.required), bool(node.accepts), bool(node.refusals))
        return (*said, node.expires, node.person, read)
    policy = (node.retry.attempts, node.undo_retry.attempts, bool(node.refusals))
    calls = tuple(map(_sections, (node.do, node.undo)))
    changed = tuple(name for name, one in plan.changes.items() if one.change.redo == node.name)
    return (node.kind, bool(node.child), policy, calls, read, changed)


def _sections(call: Call | None) -> Any:
    return call and frozenset(source.partition(".")[0] for source in call.fields.values())


def _fold(shape: Any, codes: tuple[int, ...]) -> Any:
    if isinstance(shape, int):
        return codes[shape]
    return tuple(
        tuple(sorted(tuple(_fold(inner, codes) for inner in branch) for branch in group))
        for group in shape
    )
