"""How the figures of a benchmark are shown."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from infra.broker.settings import BrokerSettings
from orchestrator.bench.engine import Pace
from orchestrator.bench.report import Figures

Result = dict[str, Any]


def result(broker: BrokerSettings, measured: dict[str, Figures]) -> Result:
    """The figures of each system, and ours to the bare loop's where both were measured."""
    facts: Result = {"broker": "embedded" if broker.embedded else broker.address}
    facts |= {name: one.as_json() for name, one in measured.items()}
    if "yardstick" in measured:
        facts["ratios"] = _ratios(measured["saga"], measured["yardstick"])
    return facts


def _ratios(ours: Figures, theirs: Figures) -> dict[str, float]:
    cpu = [_sum(one.cpu_ms_per_saga) for one in (ours, theirs)]
    return {
        "sagas_per_s": round(ours.sagas_per_s / theirs.sagas_per_s, 3),
        "p50_ms": round(ours.p50_ms / theirs.p50_ms, 3),
        "p99_ms": round(ours.p99_ms / theirs.p99_ms, 3),
        "cpu_ms_per_saga": round(cpu[0] / cpu[1], 3) if cpu[1] else 0.0,
    }


def _sum(cpu: Mapping[str, float]) -> float:
    """Of all processes, in milliseconds a saga."""
    return round(sum(cpu.values()), 3)


def _ratio(facts: Result, figure: str) -> list[str]:
    """The cell of our ratio to the bare loop, where there is one."""
    ratio = facts.get("ratios", {}).get(figure)
    return [f"{ratio:g}"] if ratio else []


def view(facts: Result) -> Table:
    """A row for each figure, a column for each system."""
    systems = [name for name in ("saga", "yardstick") if name in facts]
    table = Table(title=f"on {facts['broker']}", box=None, pad_edge=False)
    for title in ("", *systems, *(["ratio"] if "ratios" in facts else [])):
        table.add_column(title, justify="left" if not title else "right")
    for figure in ("sagas", "seconds", "sagas_per_s", "p50_ms", "p95_ms", "p99_ms"):
        row = [f"{facts[name][figure]:g}" for name in systems]
        name = figure.replace("_per_s", "/s").replace("_", " ")
        table.add_row(name, *row, *_ratio(facts, figure))
    row = [f"{_sum(facts[name]['cpu_ms_per_saga']):g}" for name in systems]
    table.add_row("CPU ms a saga", *row, *_ratio(facts, "cpu_ms_per_saga"))
    for group, unit in (("cpu_ms_per_saga", "CPU ms a saga"), ("peak_mib", "peak MiB")):
        for process in dict.fromkeys(p for name in systems for p in facts[name][group]):
            row = [f"{facts[name][group].get(process, 0):g}" for name in systems]
            table.add_row(f"{unit}, {process}", *row)
    return table


def engine_view(pace: Pace) -> Text:
    """One line."""
    return Text(f"{pace.definition}: {pace.decisions_per_s:,.0f} decisions a second, one core")
