"""Whether a world has come to rest: what has not come to its end yet (law 12: nothing just stops).

- every start that was acknowledged is decided, and every saga has ended or waits for a person, for
  whom it does not wait where an operator is at hand;
- whatever a saga was told is acknowledged;
- every orchestrator runs, is ready, and its file holds the log as far as it counts;
- every input and every command is settled, and every event of the log is told (law 3).
"""

from collections.abc import Iterator
from typing import Protocol

from contracts.topics import REPLIES, REQUESTS
from orchestrator.engine.state import State
from tests.simulation.audit import Audit, Place
from tests.simulation.broker import Broker
from tests.simulation.callers import Callers
from tests.simulation.customers import Start
from tests.simulation.faults import Fate
from tests.simulation.processes import OrchestratorProcess, ServiceProcess

GROUP = "saga-orchestrator"
ENDS = ("completed", "failed")


class World(Protocol):
    """What is asked."""

    starts: list[Start]
    callers: Callers
    fate: Fate
    audit: Audit
    broker: Broker
    orchestrators: list[OrchestratorProcess]
    services: list[ServiceProcess]
    partitions: int


def restless(world: World) -> Iterator[str]:
    """What keeps the world from resting, one line each."""
    yield from _undecided(world)
    yield from _open(world)
    for process in world.orchestrators:
        yield from _behind(world, process)
    yield from _unread(world)
    yield from world.audit.outbox.unsent(world.audit.states)


def _undecided(world: World) -> Iterator[str]:
    for start in world.starts:
        if not start.acknowledged:
            yield f"the start of {start.key} was not acknowledged"
        elif not world.audit.decided(start.saga, start.key):
            yield f"the start of {start.key} was not decided"
    for told in world.callers.told:
        if not told.acknowledged:
            yield f"{told.name} {told.id} was not acknowledged"


def _open(world: World) -> Iterator[str]:
    nobody = "operator" not in world.fate.kinds
    for state in world.audit.states.values():
        if state.status not in ENDS and not (nobody and _stands_still(world, state)):
            yield f"saga {state.saga} is {state.status}: {state.steps}"


def _stands_still(world: World, state: State) -> bool:
    """Whether it waits for a person, or for a child that does."""
    children = world.audit.kinship.children
    below = (
        world.audit.states[children[state.saga, name, step.round]]
        for name, step in state.steps.items()
        if step.child and step.waits and (state.saga, name, step.round) in children
    )
    return state.status == "needs_operator" or any(_stands_still(world, one) for one in below)


def _behind(world: World, process: OrchestratorProcess) -> Iterator[str]:
    orchestrator = process.orchestrator
    if orchestrator is None:
        yield f"{process.name} does not run"
        return
    health = orchestrator.health()
    if not health.ready:
        yield f"{process.name} is not ready: {health.reasons}"
    for partition in range(world.partitions):
        log = world.audit.places.get(partition, Place())
        if not process.wrote(partition, log):
            facts = orchestrator.reader.partition_facts(partition)
            yield f"{process.name} has not read partition {partition} up to {log}: {facts}"


def _unread(world: World) -> Iterator[str]:
    groups = {REQUESTS: GROUP, REPLIES: f"{GROUP}.replies"}
    groups |= {f"{service.name}.commands": service.name for service in world.services}
    for topic, group in groups.items():
        for log in world.broker.topics.get(topic, []):
            done = world.broker.group(group).best.get(log.place, 0)
            if done < log.end:
                yield f"{log.place} is settled up to {done} of {log.end}"
