"""Whether a world has come to rest: what has not come to its end yet (law 12: nothing just stops).

- every start that was acknowledged is decided, and every saga has ended or waits for a person;
- every orchestrator runs, is ready, and its file holds the log as far as it counts;
- every input and every command is settled, and every event of the log is told (law 3).
"""

from collections.abc import Iterator
from typing import Protocol

from contracts.topics import REPLIES, REQUESTS
from tests.simulation.audit import Audit, Place
from tests.simulation.broker import Broker
from tests.simulation.customers import Start
from tests.simulation.processes import OrchestratorProcess, ServiceProcess

GROUP = "saga-orchestrator"
ENDS = ("completed", "failed", "needs_operator")


class World(Protocol):
    """What is asked."""

    starts: list[Start]
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
    yield from world.audit.unsent()


def _undecided(world: World) -> Iterator[str]:
    known = {(state.definition, state.key) for state in world.audit.states.values()}
    for start in world.starts:
        if not start.acknowledged:
            yield f"the start of {start.key} was not acknowledged"
        elif (start.saga, start.key) not in known and start.key not in world.audit.refused:
            yield f"the start of {start.key} was not decided"


def _open(world: World) -> Iterator[str]:
    for state in world.audit.states.values():
        if state.status not in ENDS:
            yield f"saga {state.saga} is {state.status}: {state.steps}"


def _behind(world: World, process: OrchestratorProcess) -> Iterator[str]:
    orchestrator = process.orchestrator
    if orchestrator is None:
        yield f"{process.name} does not run"
        return
    health = orchestrator.health()
    if not health.ready:
        yield f"{process.name} is not ready: {health.reasons}"
    for partition in range(world.partitions):
        facts = orchestrator.reader.partition_facts(partition)
        log = world.audit.places.get(partition, Place())
        if facts is None or (facts.epoch, facts.offset) != (log.epoch, log.offset):
            yield f"{process.name} has not read partition {partition} up to {log}: {facts}"


def _unread(world: World) -> Iterator[str]:
    groups = {REQUESTS: GROUP, REPLIES: f"{GROUP}.replies"}
    groups |= {f"{service.name}.commands": service.name for service in world.services}
    for topic, group in groups.items():
        for log in world.broker.topics.get(topic, []):
            done = world.broker.group(group).best.get(log.place, 0)
            if done < log.end:
                yield f"{log.place} is settled up to {done} of {log.end}"
