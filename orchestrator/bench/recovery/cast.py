"""The processes of a recovery: orchestrators on data folders of their own, and the services."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from infra.clock import Clock
from orchestrator.bench.processes import Fleet, usage

SAGA: Final = "orchestrator.cli"
ASSIGNED: Final = "partitions assigned"


class _Said(msgspec.Struct):
    """A line of a process's own log."""

    event: str
    timestamp: datetime


_SAID: Final = msgspec.json.Decoder(_Said).decode


@dataclass(frozen=True)
class Troupe:
    """What every process of the run is given: the environment, the services' names, a folder."""

    env: Mapping[str, str]
    services: Sequence[str]
    folder: Path


class Cast:
    """Starts and kills them, and asks how they are."""

    def __init__(self, fleet: Fleet, troupe: Troupe, clock: Clock, http: httpx.AsyncClient) -> None:
        self._fleet = fleet
        self._troupe = troupe
        self._clock = clock
        self._http = http

    def start(self, name: str) -> int:
        """Start an orchestrator on the data folder of that name; when (Unix milliseconds)."""
        folder = self._data(name)
        (folder / "running.json").unlink(missing_ok=True)  # its killed predecessor's
        began = self._clock.now_ms()
        self._fleet.start(name, (SAGA, "orchestrator", "--data", str(folder)), self._troupe.env)
        return began

    def start_services(self) -> int:
        """Start the services in one process."""
        began = self._clock.now_ms()
        folder = str(self._data("services"))
        arguments = (SAGA, "service", *self._troupe.services, "--data", folder)
        self._fleet.start("services", arguments, self._troupe.env)
        return began

    def kill(self, name: str) -> int:
        """SIGKILL it, by its process id; when."""
        at = self._clock.now_ms()
        self._fleet.kill(name)
        return at

    def dead(self) -> str | None:
        """Why the play cannot go on."""
        return self._fleet.dead()

    def peak_mib(self, name: str) -> float:
        """The most memory it ever had resident (VmHWM)."""
        return round(usage(self._fleet.own[name].pid).peak_mib, 1)

    def cpu_s(self, name: str) -> float:
        """The processor time it has used: what does not depend on who else is busy here."""
        return round(usage(self._fleet.own[name].pid).cpu_s, 2)

    async def health(self, name: str) -> Mapping[str, Any]:
        """What ``/health/ready`` says; ``{}`` before it says anything."""
        with contextlib.suppress(OSError, ValueError, httpx.HTTPError):
            running = msgspec.json.decode((self._data(name) / "running.json").read_bytes())
            token = (self._data(name) / "token").read_text("utf-8").strip()
            headers = {"Authorization": f"Bearer {token}"}  # or it tells no partitions
            answer = await self._http.get(f"{running['url']}/health/ready", headers=headers)
            return msgspec.json.decode(answer.content)
        return {}

    async def owned(self, name: str) -> set[int]:
        """The partitions that it owns."""
        places: list[dict[str, Any]] = (await self.health(name)).get("partitions", [])
        return {place["partition"] for place in places if place["role"] == "owner"}

    def assigned_at(self, name: str, after: int) -> int | None:
        """When the group told it its partitions, the first time after that (Unix milliseconds)."""
        with contextlib.suppress(OSError):
            for line in (self._troupe.folder / f"{name}.log").read_bytes().splitlines():
                with contextlib.suppress(msgspec.DecodeError):
                    said = _SAID(line)
                    at = int(said.timestamp.timestamp() * 1_000)
                    if said.event == ASSIGNED and at > after:
                        return at
        return None

    def _data(self, name: str) -> Path:
        return self._troupe.folder / f"{name}-data"
