"""How a compensation table looks."""

from rich.table import Table as RichTable

from orchestrator.definition.table import Table
from orchestrator.definition.table_text import cells, header

STYLES = {
    "success": "green",
    "completed": "green",
    "failed": "red",
    "no answer": "yellow",
    "needs operator": "yellow",
}


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
