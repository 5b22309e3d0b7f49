"""How the result of a proof is shown."""

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestrator.proof.run import Result, Verdict

_STYLES: Final[dict[Verdict, str]] = {
    "holds": "green",
    "in part": "yellow",
    "fails": "red",
    "left out": "yellow",
}


def view(results: Sequence[Result]) -> RenderableType:
    """One table, and below it what is to be said of the parts that do not hold."""
    table = Table(box=None, pad_edge=False)
    table.add_column("part", no_wrap=True)
    table.add_column("explored", overflow="fold")
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    notes: list[RenderableType] = []
    for one in results:
        verdict = Text(one.verdict, _STYLES[one.verdict])
        table.add_row(one.part, "\n".join(one.explored), f"{one.seconds:.0f}", verdict)
        if one.verdict != "holds":
            notes += ["", Text(f"{one.part}: {one.verdict}: {one.why}")]
            notes += [Text(text) for text in (one.said, one.again) if text]
    return Group(table, *notes)
