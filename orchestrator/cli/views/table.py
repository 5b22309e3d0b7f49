"""How a compensation table looks, and under it what a check found."""

from typing import Self

from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from orchestrator.cli.views.check import summary
from orchestrator.definition.table import Table
from orchestrator.definition.table.text import cells, header, signalling, stopping
from orchestrator.verify.result import CheckResult

STYLES = {
    "success": "green",
    "completed": "green",
    "failed": "red",
    "no answer": "yellow",
    "needs operator": "yellow",
}


class Checked(Table, frozen=True):
    """A table, and what `saga check` found: None where it was not asked."""

    check: CheckResult | None = None

    @classmethod
    def of(cls, table: Table, check: CheckResult | None) -> Self:
        """The two of them."""
        fields = {name: getattr(table, name) for name in table.__struct_fields__}
        return cls(**fields, check=check)


def checked_view(found: Checked) -> Group:
    """The table, and the check in a line."""
    shown: list[RichTable | Text] = [
        table_view(found),
        *map(Text, stopping(found) + signalling(found)),
    ]
    if found.check is not None:
        shown.append(summary(found.check))
    return Group(*shown)


def styled(cell: str) -> str:
    """A cell in the colour of what it says."""
    style = STYLES.get(cell.partition(",")[0])
    return f"[{style}]{cell}[/]" if style else cell


def table_view(table: Table) -> RichTable:
    """Each row of the table on a line."""
    caption = None if table.complete else "too many combinations: not every row is listed"
    shown = RichTable(title=f"{table.definition} ({table.version})", caption=caption)
    for title in header(table):
        shown.add_column(title, overflow="fold")
    for row in table.rows:
        shown.add_row(*map(styled, cells(table, row)))
    return shown
