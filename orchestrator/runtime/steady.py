"""A clock for deadlines: wall time that advances monotonically (DESIGN law 12).

Deadlines are wall time, so a clock that is set forward would let all of them pass at once. Here a
jump is
followed at a bounded rate only, and reported.
"""

from typing import Final

from infra.clock import Clock
from infra.logging import get_logger

JUMP_MS: Final = 1_000
"""A difference that is no drift any more."""
SLEW: Final = 0.05
"""How much of the time that passes may be added or taken to catch up with the wall clock."""
_log = get_logger(__name__)


class SteadyClock:
    """Follows ``source``; never goes back, and never forward much faster than time passes."""

    def __init__(self, source: Clock) -> None:
        self._source = source
        self._last = source.monotonic()
        self._now = float(source.now_ms())
        self.behind_ms = 0

    def now_ms(self) -> int:
        """The time of day in Unix milliseconds, as far as jumps have been followed."""
        monotonic = self._source.monotonic()
        passed = (monotonic - self._last) * 1_000
        if passed > 0:
            self._last = monotonic
            self._now += passed
            gap = self._source.now_ms() - self._now
            self._report(int(gap))
            room = passed * SLEW
            self._now += max(-room, min(room, gap))
        return int(self._now)

    def monotonic(self) -> float:
        """Seconds of the monotonic clock."""
        return self._source.monotonic()

    def _report(self, gap: int) -> None:
        if abs(gap) > JUMP_MS and abs(gap - self.behind_ms) > JUMP_MS:
            _log.warning("the wall clock has jumped: it is followed slowly", by_ms=gap)
        self.behind_ms = gap if abs(gap) > JUMP_MS else 0
