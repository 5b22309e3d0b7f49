"""The figures of one run over HTTP, as data: latencies beside their targets."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from orchestrator.bench.http.timetable import KINDS, Kind
from orchestrator.bench.report import percentile

TARGETS_MS: Final[dict[Kind, float]] = {"start": 100, "status": 50, "signal": 50, "health": 10}
"""What the p99 should stay below. Source: the order lifecycle's performance characteristics."""
TOO_LATE: Final = 409
"""How a signal is refused that comes when there is no way back any more: as it may be."""
SHARES: Final = {"p50_ms": 0.50, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}


@dataclass
class Taken:
    """The answers to one kind of request: how long each took (seconds), and how many had which
    status.
    """

    kind: Kind
    seconds: list[float] = field(default_factory=list[float])
    statuses: Counter[int] = field(default_factory=Counter[int])

    @property
    def failed(self) -> int:
        """How many of the answers are failures."""
        return sum(n for status, n in self.statuses.items() if fails(self.kind, status))


@dataclass
class Measured:
    """One run; ``behind`` is how late the client itself was with each request, in seconds."""

    taken: dict[Kind, Taken] = field(default_factory=lambda: {kind: Taken(kind) for kind in KINDS})
    behind: list[float] = field(default_factory=list[float])


def fails(kind: Kind, status: int) -> bool:
    """Whether an answer of this status, or none, is a failure of such a request."""
    return status // 100 != 2 and (kind, status) != ("signal", TOO_LATE)


def figures(measured: Measured) -> dict[str, Any]:
    """Every kind of request: how many, its percentiles, what was answered, and the target."""
    return {kind: _figures(taken) for kind, taken in measured.taken.items() if taken.seconds}


def behind_ms(measured: Measured) -> float:
    """How late the client was, p99: with much of it the figures are the client's own."""
    return ms(percentile(sorted(measured.behind), 0.99)) if measured.behind else 0.0


def _figures(taken: Taken) -> dict[str, Any]:
    ordered, target = sorted(taken.seconds), TARGETS_MS[taken.kind]
    found: dict[str, Any] = {"requests": len(ordered)}
    found |= {name: ms(percentile(ordered, share)) for name, share in SHARES.items()}
    met = found["p99_ms"] < target and not taken.failed  # a failure is soon answered
    found |= {"target_ms": target, "met": met, "failed": taken.failed}
    return found | {"answers": {str(status): n for status, n in sorted(taken.statuses.items())}}


def ms(seconds: float) -> float:
    """Milliseconds, rounded to what means something."""
    return round(seconds * 1_000, 2)
