"""Time, injected: everything that asks for the time takes a ``Clock``.

Source: DESIGN law 12 (durations are monotonic within a process) and law 1 (the engine gets time as
a value).
"""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


@lru_cache(maxsize=1_024)  # what is decided together has one time
def rfc3339(at: int) -> str:
    """Unix milliseconds as RFC 3339 (and so ISO 8601) has them, in UTC."""
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds")


class Clock(Protocol):
    """Where time comes from."""

    def now_ms(self) -> int:
        """The time of day, in whole milliseconds since the Unix epoch (UTC); it may jump."""
        raise NotImplementedError

    def monotonic(self) -> float:
        """Seconds since some fixed moment; only differences mean anything; never goes back."""
        raise NotImplementedError


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """The time of day in Unix milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to: for tests and simulations."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._elapsed_ms = 0

    def now_ms(self) -> int:
        """The time of day in Unix milliseconds."""
        return self._now_ms

    def monotonic(self) -> float:
        """Seconds that were advanced since this clock was made."""
        return self._elapsed_ms / 1_000

    def advance(self, ms: int) -> None:
        """Let ``ms`` milliseconds pass; raises ValueError when negative: time does not go back."""
        if ms < 0:
            raise ValueError(f"time does not go back ({ms} ms); a jump of the wall clock is jump()")
        self._now_ms += ms
        self._elapsed_ms += ms

    def jump(self, ms: int) -> None:
        """Set the wall clock forward or back by ``ms``, as NTP or a person does (law 12)."""
        self._now_ms += ms
