"""The figures of one load, as data: rates, latencies, and what each process spent on a saga."""

from dataclasses import asdict, dataclass
from typing import Any

from orchestrator.bench.load import Run
from orchestrator.bench.processes import Usage


@dataclass(frozen=True)
class Figures:
    """One load. Latencies in ms from request to outcome; CPU in ms a saga and peak MiB by
    process.
    """

    sagas: int
    seconds: float
    sagas_per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_ms_per_saga: dict[str, float]
    peak_mib: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Plain data, rounded to what means something."""
        plain = asdict(self)
        for name, value in plain.items():
            if isinstance(value, float):
                plain[name] = round(value, 3)
        for by_process in (plain["cpu_ms_per_saga"], plain["peak_mib"]):
            by_process.update({name: round(value, 3) for name, value in by_process.items()})
        return plain


def figures(run: Run, before: dict[str, Usage], after: dict[str, Usage]) -> Figures:
    """Compute them from what was measured around the load."""
    sagas = len(run.latencies)
    ordered = sorted(run.latencies)
    return Figures(
        sagas=sagas,
        seconds=run.seconds,
        sagas_per_s=sagas / run.seconds,
        p50_ms=percentile(ordered, 0.50) * 1e3,
        p95_ms=percentile(ordered, 0.95) * 1e3,
        p99_ms=percentile(ordered, 0.99) * 1e3,
        cpu_ms_per_saga={
            name: (after[name].cpu_s - before[name].cpu_s) * 1e3 / sagas for name in after
        },
        peak_mib={name: usage.peak_mib for name, usage in after.items()},
    )


def percentile(ordered: list[float], share: float) -> float:
    """The nearest-rank percentile of an ordered list."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
