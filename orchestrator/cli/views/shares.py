"""What is common to the views of a simulation."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from orchestrator.simulate.report import Share


def headed(title: str, table: Table) -> Group:
    """A table under its title, which may be wider than it."""
    return Group(Text(title, style="bold"), table)


def table_of(*columns: str) -> Table:
    """An empty table of these columns."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def shared(found: Share) -> str:
    """A share and within what it lies."""
    return f"{percent(found.share)} ({percent(found.low)} to {percent(found.high)})"


def percent(share: float) -> str:
    """A share in per cent: more digits near nothing and near all."""
    if 0 < share < 0.001 or 0.999 < share < 1:
        return f"{share:.3%}"
    return f"{share:.1%}"


def seconds(value: float) -> str:
    """A duration as people read it."""
    if value == 0:
        return "0 s"
    if value < 0.9995:
        return f"{value * 1_000:.3g} ms"
    return f"{value:.3g} s" if value < 600 else f"{value:.0f} s"
