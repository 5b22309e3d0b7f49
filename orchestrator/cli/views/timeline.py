"""A saga's history as a timeline: a line for each fact."""

from collections.abc import Sequence
from typing import Final

from rich.markup import escape
from rich.table import Table

from orchestrator.admin.times import offset
from orchestrator.admin.told import Tone, told
from orchestrator.engine.facts import Transition

STYLES: Final[dict[Tone, str]] = {
    "plain": "",
    "aside": "dim",
    "said": "bold",
    "denied": "bold red",
    "done": "green",
    "back": "cyan",
    "refused": "red",
    "doubt": "yellow",
    "operator": "bold yellow",
    "completed": "bold green",
    "failed": "bold red",
}


def timeline(transitions: Sequence[Transition]) -> Table:
    """When, which step, what happened: from the first transition to the last."""
    table = Table(box=None, pad_edge=False)
    table.add_column("since start", justify="right", style="dim")
    table.add_column("step")
    table.add_column("what happened", overflow="fold")
    begin = transitions[0].at if transitions else 0
    for transition in transitions:
        for fact in transition.facts:
            tone, text = told(fact)
            style = STYLES[tone]
            step = getattr(fact, "step", "")
            line = f"[{style}]{escape(text)}[/]" if style else escape(text)
            table.add_row(offset(transition.at - begin), escape(step), line)
    return table
