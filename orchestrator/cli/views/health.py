"""The components of a process, for a person."""

from collections.abc import Mapping
from typing import Any, Final

from rich.table import Table
from rich.text import Text

COLOURS: Final = {"ok": "green", "degraded": "yellow", "down": "red"}
SIZES: Final = ("bytes", "wal_bytes", "free_bytes")


def health_view(facts: Mapping[str, Any]) -> Table:
    """A line for each: its status, why, and what it measures."""
    table = Table(box=None, pad_edge=False, caption=f"together: {facts['status']}")
    for title in ("component", "status", "why, and what it measures"):
        table.add_column(title)
    for one in facts["components"]:
        status = Text(one["status"], style=COLOURS[one["status"]])
        measured = " ".join(f"{name}={_shown(name, value)}" for name, value in _facts(one))
        told = "; ".join(filter(None, (one["reason"], measured)))
        table.add_row(one["name"], status, Text(told))
    return table


def _facts(one: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What is worth a look; the counts of a service one by one."""
    plain = {name: value for name, value in one["facts"].items() if name != "counts"}
    return [*plain.items(), *one["facts"].get("counts", {}).items()]


def _shown(name: str, value: Any) -> str:
    return f"{value / 2**20:.1f} MiB" if name in SIZES and value >= 0 else str(value)
