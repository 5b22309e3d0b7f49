"""What must hold when a world has come to rest, beside what ``audit`` has seen on the way.

- what the log says of a step is what its participant did: once, undone or not (laws 4 to 6);
- every file holds what the topic holds, row for row (law 14);
- everything the log owes was told (law 3), and every poison message lies in the dead letters
  (law 8);
- whoever waits for a person says for what (law 7).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from contracts.topics import LOG
from infra.datastore import open_database
from orchestrator.definition.builder import Saga
from orchestrator.engine.plan import Plan, PlannedStep
from orchestrator.engine.state import State
from orchestrator.replay.rebuild import Rebuilding
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.store import SagaLog
from tests.simulation.world import SimWorld

Effect = tuple[str, int]  # direction, round
Effects = dict[tuple[int, str], list[Effect]]


def verdict(world: SimWorld) -> list[str]:
    """What is wrong; empty when all is as it should be."""
    found = list(world.audit.problems)
    found += [f"dead letter missing: {value!r} (law 8)" for value in _unburied(world)]
    found += [problem for state in world.audit.states.values() for problem in _silent(state)]
    found += world.loop.errors
    found += _files(world)
    found += _unlike(world)
    found += _unbalanced(world)
    effects = _order_effects(world) if world.fate.orders else _work_effects(world)
    reads = {(s.name, n) for s in world.sagas for n, p in _steps(s) if p.step.kind == "read"}
    for state in world.audit.states.values():
        for step in {*state.steps, *(name for saga, name in effects if saga == state.saga)}:
            had = effects.get((state.saga, step), [])
            found += _step(state, step, had, (state.definition, step) in reads)
    strangers = {saga for saga, _ in effects} - world.audit.states.keys()
    return found + [f"effects of saga {saga}, which is not in the log" for saga in strangers]


def _steps(saga: Saga) -> Iterable[tuple[str, PlannedStep]]:
    return Plan(saga.definition).steps.items()


def _unburied(world: SimWorld) -> list[bytes]:
    return [value for value in world.poison if value not in world.audit.letters]


def _silent(state: State) -> Iterator[str]:
    if state.status == "needs_operator" and not state.parked:
        for name in state.stuck:
            if not state.steps[name].error:
                yield f"saga {state.saga} waits for a person and does not say why (law 7)"


# ---------------------------------------------------------------------------------------- files


def _files(world: SimWorld) -> list[str]:
    rebuilt = world.folder / "rebuilt.db"
    with SagaLog.open(rebuilt) as log:
        made = Rebuilding(log)
        for partition in world.broker.topics[LOG]:
            records = [(record.offset, record.value) for record in partition.records]
            made.take(partition.place.partition, records)
    return [
        f"{process.name} against the topic: {line} (law 14)"
        for process in world.orchestrators
        for line in differences(process.folder / "saga.db", rebuilt)
    ]


def _unlike(world: SimWorld) -> Iterator[str]:
    """Sagas of which a file says something else than the log by the audit's own reading."""
    for process in world.orchestrators:
        if process.orchestrator is not None:
            for saga, state in world.audit.states.items():
                held = process.orchestrator.reader.state(saga)
                if held != state:
                    yield f"{process.name}, saga {saga}: {held}, and the log says {state} (law 9)"


# -------------------------------------------------------------------------------------- effects


def _step(state: State, name: str, effects: list[Effect], reads: bool) -> Iterator[str]:
    """Replay what the participant did with one step, and compare with what the log says of it."""
    place = f"saga {state.saga} ({state.mode}), step {name}, effects {effects}"
    stands, undone = False, 0
    for direction, number in effects:
        if direction == "do":
            if stands:
                yield f"{place}: done twice (law 4)"
            if number <= undone:
                yield f"{place}: done after it was undone (law 5)"
            stands = True
        else:
            if not stands:
                yield f"{place}: undone twice (law 4)"
            stands, undone = False, max(undone, number)
    step = state.steps.get(name)
    told = (step.phase, step.direction) if step else None
    if stands and (told is None or told in (("done", "undo"), ("refused", "do"))):
        yield f"{place}: an effect stands, and the log says {told}"
    if stands and state.mode == "failed" and name not in state.skipped:
        yield f"{place}: an effect stands, and the saga has failed (law 6)"
    if not stands and not reads and told == ("done", "do"):
        yield f"{place}: nothing stands, and the log says {told}"


def _work_effects(world: SimWorld) -> Effects:
    found: Effects = {}
    rows = _query(
        world.folder / "services" / "works.db",
        "SELECT saga, step, direction, round FROM effects ORDER BY id",
    )
    for saga, step, direction, number in rows:
        found.setdefault((saga, step), []).append((direction, number))
    return found


def _order_effects(world: SimWorld) -> Effects:
    """Charges, reservations and shipments, each with whether it was given back."""
    found: Effects = {}
    for service, sql in _ORDERS.items():
        for saga, back in _query(world.folder / "services" / f"{service}.db", sql):
            effects = found.setdefault((saga, service), [])
            effects.append(("do", len(effects) + 1))
            if back:
                effects.append(("undo", len(effects)))
    return found


_ORDERS = {
    "payment": (
        "SELECT saga, refunds.charge IS NOT NULL FROM charges"
        " LEFT JOIN refunds ON refunds.charge = charges.id ORDER BY charges.id"
    ),
    "inventory": "SELECT saga, restored_at IS NOT NULL FROM reservations ORDER BY id",
    "shipping": "SELECT saga, status = 'cancelled' FROM shipments ORDER BY id",
}


def _unbalanced(world: SimWorld) -> list[str]:
    """The books of the services that keep some."""
    found: list[str] = []
    for service in world.services:
        if service.runner is not None:
            books = service.participant.books(service.runner.reader)
            found += [str(check) for check in books.checks if not check.holds]
    return found


def _query(file: Path, sql: str) -> list[tuple[Any, ...]]:
    db = open_database(file, readonly=True)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()
