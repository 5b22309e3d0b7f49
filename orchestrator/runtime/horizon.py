"""The oldest open saga of each partition, which every command tells its participant: what concerns
an older one may be forgotten there, for it has ended.
"""

from typing import Final

from infra.clock import Clock
from orchestrator.sagalog.store import SagaLog

FRESH_S: Final = 60.0
"""It is looked up no more often. Ids only grow and the ended stay so: an old answer is a low one,
and harms nobody."""


class Horizon:
    """Looks it up in the file: what is only pipelined began later."""

    def __init__(self, log: SagaLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._found: dict[int, tuple[float, int]] = {}

    def of(self, partition: int) -> int:
        """The id of the oldest open saga, or of the next one to begin. Raises LogReadFailed."""
        now = self._clock.monotonic()
        at, oldest = self._found.get(partition, (0.0, -1))
        if oldest < 0 or now - at > FRESH_S:
            oldest = self._log.oldest_open(partition)
            self._found[partition] = now, oldest
        return oldest
