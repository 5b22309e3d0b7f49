"""The health of the process for whoever asks beside its event loop: what it found a moment ago."""

import asyncio
from typing import Final

import msgspec

from infra.clock import Clock
from infra.http.probes import Told
from orchestrator.admin.health import PREFIX, in_short, status_of
from orchestrator.admin.ports import Backend
from orchestrator.runtime.errors import RuntimeFailure

PATH: Final = PREFIX
BEAT_S: Final = 0.1
"""How old what is told may be."""
SILENT_S: Final = 5.0
"""A process that has not looked for so long is not well, whatever it found then."""
_encode: Final = msgspec.json.encode


class Pulse:
    """Looks at the health of the process now and then, on its loop; tells it to any thread."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self._backend = backend
        self._clock = clock
        self._found = self._look(), clock.monotonic()

    async def beat(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(BEAT_S)

    def look(self) -> None:
        """Look now."""
        self._found = self._look(), self._clock.monotonic()

    def told(self) -> Told:
        """What was found last; or that nothing was looked at for too long. From any thread."""
        found, at = self._found
        silent = self._clock.monotonic() - at
        if silent <= SILENT_S:
            return found
        return _ill(f"the process is stuck: it has not looked after itself for {silent:.0f} s")

    def measured(self, seconds: float, status: int) -> None:
        """Count an answer that was given so."""
        self._backend.metrics.http_seconds.observe(seconds, "GET", PATH, str(status))

    def _look(self) -> Told:
        try:
            health = self._backend.health()
        except RuntimeFailure as error:
            return _ill(str(error))
        return Told(status_of(health), _encode(in_short(health)))


def _ill(why: str) -> Told:
    return Told(503, _encode({"status": "not_ready", "reasons": [why]}))
