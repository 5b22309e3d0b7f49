"""How the figures of a recovery are shown."""

from dataclasses import asdict
from typing import Any

from rich.table import Table


def view(facts: dict[str, Any]) -> Table:
    """A line for each figure."""
    table = Table(title=f"{facts['scene']} on {facts['broker']}", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in asdict(facts["figures"]).items():
        words, _, unit = name.rpartition("_")
        shown = {"s": f"{value:g} s", "mib": f"{value:g} MiB"}.get(unit)
        table.add_row(*((words.replace("_", " "), shown) if shown else _count(name, value)))
    return table


def _count(name: str, value: object) -> tuple[str, str]:
    return name.replace("_", " "), f"{value:,}"
