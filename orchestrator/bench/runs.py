"""One load, whole: processes started, warmed up, loaded, measured, and gone again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.broker.settings import BrokerSettings
from infra.clock import Clock
from orchestrator.bench.load import Client, Load, Work
from orchestrator.bench.processes import fleet
from orchestrator.bench.report import Figures, figures

WARM_UP: Final = Load(200, 200)
Say = Callable[[str, int, int], None]
"""What is being done, how many of its sagas have ended, how many there are."""


@dataclass(frozen=True)
class Deployment:
    """The processes of one system: name -> module and arguments; what they find in the
    environment.
    """

    name: str
    processes: Mapping[str, tuple[str, ...]]
    env: Mapping[str, str]
    logs: Path


@dataclass(frozen=True)
class Place:
    """Where it runs: the broker, the clock, and processes of others that are measured too."""

    broker: BrokerSettings
    clock: Clock
    measured_too: Mapping[str, int]


async def measure(
    work: Work,
    deployed: Deployment,
    loads: list[Load],
    place: Place,
    progress: Say,
) -> list[Figures]:
    """Run the loads one after another on one deployment. Raises BenchError."""
    with fleet(deployed.logs) as processes:
        processes.extra.update(place.measured_too)
        for name, module in deployed.processes.items():
            processes.start(name, module, deployed.env)
        async with Client(place.broker, place.clock, work) as client:
            say = _saying(f"{deployed.name}: warming up", WARM_UP.sagas, progress)
            await client.run(WARM_UP, say, processes.dead)
            results: list[Figures] = []
            for load in loads:
                say = _saying(f"{deployed.name}: {load}", load.sagas, progress)
                before = processes.usages()
                run = await client.run(load, say, processes.dead)
                results.append(figures(run, before, processes.usages()))
            return results


def _saying(what: str, whole: int, progress: Say) -> Callable[[int], None]:
    return lambda done: progress(what, done, whole)
