"""What must hold when a world has come to rest, beside what ``audit`` has seen on the way.

- what the log says of a step is what its participant did: once, undone or not (laws 4 to 6);
- every file holds what the topic holds, row for row (law 14);
- everything the log owes was told (law 3), and every poison message lies in the dead letters
  (law 8);
- whoever waits for a person says for what (law 7);
- whatever a saga was told has a fate in its log, or its saga had never begun (law 4);
- parents and children agree (``kinship``).
"""

from collections.abc import Iterator

from contracts.topics import LOG
from orchestrator.engine.state import State
from orchestrator.replay.rebuild import Rebuilding
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.store import SagaLog
from tests.simulation.deeds import deeds
from tests.simulation.world import SimWorld


def verdict(world: SimWorld) -> list[str]:
    """What is wrong; empty when all is as it should be."""
    found = list(world.audit.problems)
    found += [f"dead letter missing: {value!r} (law 8)" for value in _unburied(world)]
    found += [problem for state in world.audit.states.values() for problem in _silent(state)]
    found += world.loop.errors
    found += world.audit.kinship.agree(world.audit.states)
    found += world.audit.outbox.forgotten()
    found += _untold(world)
    found += _files(world)
    found += _unlike(world)
    found += _unbalanced(world)
    return found + list(deeds(world))


def _unburied(world: SimWorld) -> list[bytes]:
    return [value for value in world.poison if value not in world.audit.letters]


def _silent(state: State) -> Iterator[str]:
    if state.status == "needs_operator" and not state.parked:
        for name in state.stuck:
            if not state.steps[name].error:
                yield f"saga {state.saga} waits for a person and does not say why (law 7)"


def _untold(world: SimWorld) -> Iterator[str]:
    for told in world.callers.told:
        if told.known and not world.callers.settled(told):
            saga = world.audit.find(told.definition, told.key, told.saga)
            yield f"what became of {told.kind} {told.id} ({told.name})? {saga} (law 4)"


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


def _unbalanced(world: SimWorld) -> list[str]:
    """The books of the services that keep some."""
    found: list[str] = []
    for service in world.services:
        if service.runner is not None:
            books = service.participant.books(service.runner.reader)
            found += [str(check) for check in books.checks if not check.holds]
    return found
