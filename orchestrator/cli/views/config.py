"""How settings look."""

from collections.abc import Sequence
from typing import Protocol

from rich.markup import escape
from rich.table import Table


class _Setting(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str | None: ...
    @property
    def source(self) -> str: ...
    @property
    def description(self) -> str: ...


def config_view(settings: Sequence[_Setting]) -> Table:
    """A line for each setting; what somebody set stands out."""
    table = Table(box=None, pad_edge=False)
    for title in ("setting", "value", "from", "meaning"):
        table.add_column(title, overflow="fold")
    for setting in settings:
        style = "" if setting.source == "default" else "bold"
        value = "[dim]-[/]" if setting.value is None else escape(setting.value)
        table.add_row(setting.name, value, setting.source, setting.description, style=style)
    return table
