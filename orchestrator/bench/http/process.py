"""The process that is measured: `saga up` on loopback, seen from outside, gone afterwards."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from infra.clock import Clock
from orchestrator.bench.http.connections import Connections
from orchestrator.bench.load import BenchError
from orchestrator.bench.processes import Fleet, fleet
from orchestrator.definition.scenario import Ask

UP: Final = ("orchestrator.cli", "up", "--port", "0")
READY_S: Final = 60.0
POLL_S: Final = 0.2
MOST: Final = 512
"""Connections at a time; a request that waits for one has its latency counted all the same."""
_METRICS: Final = Ask("GET", "/metrics")
Counts = Mapping[tuple[str, str], float]
"""By name of a series and its first label value that tells (outcome or code)."""


class _Running(msgspec.Struct):
    url: str


class Process:
    """One `saga up`: where its data lies, and what its metrics say of one definition. Those who ask
    for its health have connections of their own, ``probing``.
    """

    def __init__(
        self,
        data: Path,
        connections: Connections,
        probing: Connections,
        processes: Fleet,
        definition: str,
    ) -> None:
        self.data = data
        self.connections = connections
        self.probing = probing
        self._processes = processes
        self._definition = definition

    def alive(self) -> None:
        """Raises BenchError with its last words when it has ended."""
        if why := self._processes.dead():
            raise BenchError(why)

    def cpu_s(self) -> dict[str, float]:
        """The processor time that process and client have used: what does not depend on who else is
        busy here.
        """
        return {name: used.cpu_s for name, used in self._processes.usages().items()}

    async def counts(self) -> Counts:
        """The series of the definition: started, ended by outcome, failures by code, seconds."""
        self.alive()
        answer = await self.connections.ask(_METRICS)
        if answer.status != 200:
            raise BenchError(f"/metrics answered {answer.status}")
        found: dict[tuple[str, str], float] = {}
        for family in text_string_to_metric_families(answer.body.decode()):
            for sample in family.samples:
                if sample.labels.get("definition") == self._definition:
                    tells = sample.labels.get("outcome") or sample.labels.get("code") or ""
                    found[sample.name, tells] = sample.value
        return found

    async def settled(self, taken: int, patience_s: float, clock: Clock) -> Counts:
        """What it has counted once so many starts have become sagas, and all of them are over, or
        patience is at its end: a start may be answered before its saga has begun.
        """
        end = clock.monotonic() + patience_s
        while True:
            counts = await self.counts()
            if ended(counts) >= max(taken, counts.get(("saga_started_total", ""), 0)):
                return counts
            if clock.monotonic() > end:
                return counts
            await asyncio.sleep(POLL_S)


def ended(counts: Counts) -> float:
    """How many sagas are over."""
    return sum(counts.get(("saga_ended_total", how), 0) for how in ("completed", "failed"))


@asynccontextmanager
async def process(
    folder: Path, env: Mapping[str, str], definition: str, clock: Clock, *, own_broker: bool
) -> AsyncGenerator[Process, None]:
    """`saga up` on a fresh data folder, once it is ready; stopped by its process id at the end.

    It takes the broker that ``env`` names, or one of its own. Raises BenchError when it is not
    ready in time.
    """
    data = folder / "data"
    with fleet(folder) as processes:
        # Loopback, whatever the environment says: nobody else is to see it.
        own = {"SAGA_HTTP_HOST": "127.0.0.1", "SAGA_LOG_LEVEL": "warning", **env}
        broker = () if own_broker else ("--broker", env["KAFKA_BOOTSTRAP_SERVERS"])
        processes.start("up", (*UP, "--data", str(data), *broker), own)
        url = await _ready(data, processes, clock)
        token = (data / "token").read_text("utf-8").strip()
        connections = Connections(url, {"Authorization": f"Bearer {token}"}, clock, MOST)
        # A supervisor's probe has a connection of its own, and no token.
        probing = Connections(url, {}, clock, MOST)
        try:
            yield Process(data, connections, probing, processes, definition)
        finally:
            await connections.close()
            await probing.close()


async def _ready(data: Path, processes: Fleet, clock: Clock) -> str:
    """Where it answers, once it says that it is ready."""
    end = clock.monotonic() + READY_S
    while clock.monotonic() < end:
        if why := processes.dead():
            raise BenchError(why)
        with contextlib.suppress(OSError, msgspec.DecodeError):
            url = msgspec.json.decode((data / "running.json").read_bytes(), type=_Running).url
            asking = Connections(url, {}, clock, 1)
            status = (await asking.ask(Ask("GET", "/health"))).status
            await asking.close()
            if status == 200:
                return url
        await asyncio.sleep(POLL_S)
    raise BenchError(f"saga up was not ready within {READY_S:g} s")
