"""What the participants did, against what the log says of it: once, undone or not (laws 4 to 6)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from infra.datastore import open_database
from orchestrator.definition.nodes import Step
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from tests.simulation.generated import REORDER
from tests.simulation.world import SimWorld


class Effect(NamedTuple):
    """``direction`` is ``recall`` where the whole saga was taken back for another one; ``ordered``
    what it was asked to do (None: not known).
    """

    direction: str
    round: int
    ordered: int | None = None


Effects = dict[tuple[int, str], list[Effect]]


def deeds(world: SimWorld) -> Iterator[str]:
    """What was done and should not have been, or the other way round."""
    effects = _order_effects(world) if world.fate.orders else _work_effects(world)
    states = world.audit.states
    for state in states.values():
        plan = world.plans[state.definition]
        for name in {*state.steps, *(name for saga, name in effects if saga == state.saga)}:
            had = effects.get((state.saga, name), [])
            what = f"saga {state.saga} ({state.mode}), step {name}, effects {had}"
            own = [one for one in had if one.direction != "recall"]
            yield from _replayed(what, state, own)
            yield from _told(what, state, name, own, effective(plan, name))
            yield from _recalled(what, states, state, had)
            yield from _ordered(what, world, state, name, own)
    strangers = {saga for saga, _ in effects} - states.keys()
    yield from (f"effects of saga {saga}, which is not in the log" for saga in strangers)


def effective(plan: Plan, name: str) -> bool:
    """Whether a participant does something for this step."""
    planned = plan.steps[name]
    step = planned.step
    return isinstance(step, Step) and step.kind != "read" and not planned.child


def _stands(effects: list[Effect]) -> bool:
    return bool(effects) and effects[-1].direction == "do"


def _replayed(what: str, state: State, effects: list[Effect]) -> Iterator[str]:
    """Each round once, and none after it was undone; done again only where the data has changed."""
    last = undone = 0
    stands = False
    for direction, number, _ in effects:
        if direction == "do":
            if stands and (number <= last or not state.changed):
                yield f"{what}: done twice (law 4)"
            if number <= undone:
                yield f"{what}: done after it was undone (law 5)"
            stands, last = True, number
        else:
            if not stands:
                yield f"{what}: undone twice (law 4)"
            stands, undone = False, max(undone, number)


def _told(what: str, state: State, name: str, effects: list[Effect], acts: bool) -> Iterator[str]:
    step, stands = state.steps.get(name), _stands(effects)
    told = (step.phase, step.direction) if step else None
    if stands and (told is None or told == ("done", "undo")):
        yield f"{what}: an effect stands, and the log says {told}"
    if stands and step is not None and told == ("refused", "do") and not step.stands:
        yield f"{what}: an effect stands, and the log says {told}"
    if stands and state.mode == "failed" and name not in state.skipped:
        yield f"{what}: an effect stands, and the saga has failed (law 6)"
    if acts and not stands and told == ("done", "do"):
        yield f"{what}: nothing stands, and the log says {told}"


def _recalled(
    what: str, states: Mapping[int, State], state: State, effects: list[Effect]
) -> Iterator[str]:
    """A whole saga is taken back where the step of its parent is undone, and only there."""
    parent = state.parent
    step = states[parent.saga].steps[parent.step] if parent else None
    recalls = sum(one.direction == "recall" for one in effects)
    if recalls and (step is None or step.direction != "undo" or recalls > 1):
        yield f"{what}: taken back, and its parent's step is {step}"
    if step is not None and (step.direction, step.phase) == ("undo", "done") and _stands(effects):
        yield f"{what}: it stands, and its parent's step is {step} (law 6)"


def _ordered(
    what: str, world: SimWorld, state: State, name: str, effects: list[Effect]
) -> Iterator[str]:
    """It was done as it was asked for, and in the end with the data that signals have changed."""
    for direction, number, ordered in effects:
        asked = world.audit.orders.get((state.saga, name, direction, number), {ordered})
        if ordered is not None and ordered not in asked:
            yield f"{what}: it was asked for {asked}"
    change = world.plans[state.definition].changes.get(REORDER)
    if change and change.change.redo == name and state.mode == "completed" and _stands(effects):
        wanted = state.changed.get("order", state.data["input"]["order"])
        if effects[-1].ordered != wanted:
            yield f"{what}: the order is {wanted} in the end (law 4)"


def _work_effects(world: SimWorld) -> Effects:
    found: Effects = {}
    rows = _query(
        world.folder / "services" / "works.db",
        "SELECT saga, step, direction, round, ordered FROM effects ORDER BY id",
    )
    for saga, step, *effect in rows:
        found.setdefault((saga, step), []).append(Effect(*effect))
    return found


def _order_effects(world: SimWorld) -> Effects:
    """Charges, reservations and shipments, each with whether it was given back."""
    found: Effects = {}
    for service, sql in _ORDERS.items():
        for saga, back in _query(world.folder / "services" / f"{service}.db", sql):
            effects = found.setdefault((saga, service), [])
            effects.append(Effect("do", len(effects) + 1))
            if back:
                effects.append(Effect("undo", len(effects)))
    return found


_ORDERS = {
    "payment": (
        "SELECT saga, refunds.charge IS NOT NULL FROM charges"
        " LEFT JOIN refunds ON refunds.charge = charges.id ORDER BY charges.id"
    ),
    "inventory": "SELECT saga, restored_at IS NOT NULL FROM reservations ORDER BY id",
    "shipping": "SELECT saga, status = 'cancelled' FROM shipments ORDER BY id",
}


def _query(file: Path, sql: str) -> list[tuple[Any, ...]]:
    db = open_database(file, readonly=True)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()
