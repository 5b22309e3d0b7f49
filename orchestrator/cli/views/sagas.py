"""How sagas look: one of them, and a page of them. Facts are as the HTTP API gives them."""

from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestrator.admin.times import clock

Json = dict[str, Any]

STYLES = {
    "completed": "green",
    "failed": "red",
    "needs_operator": "bold yellow",
    "compensating": "cyan",
}


def state_text(state: str) -> str:
    """The state of a saga in its colour."""
    style = STYLES.get(state)
    text = state.replace("_", " ")
    return f"[{style}]{text}[/]" if style else text


def _deadline(saga: Json) -> str:
    """When it is; while a person is waited for it comes no nearer, and the rest of it is told."""
    since = saga["deadline_stands_still_since"]
    if since is None:
        return f"{clock(saga['deadline'])} UTC"
    left = (saga["deadline"] - since) / 1_000
    return f"{left:.0f} s are left; it stands still while a person is waited for"


def saga_view(saga: Json) -> RenderableType:
    """Where one saga stands, step by step, and why it does not move."""
    head = Table.grid(padding=(0, 2))
    head.add_row("saga", str(saga["id"]))
    head.add_row("definition", f"{saga['definition']} ({saga['version']})")
    head.add_row("request key", escape(saga["key"]))
    head.add_row("state", state_text(saga["state"]))
    if saga["late"]:
        head.add_row("late", "its deadline has passed, and there was no way back")
    if saga["deadline"]:
        head.add_row("deadline", _deadline(saga))
    if saga["failure"]:
        failure = saga["failure"]
        head.add_row("because", escape(f"{failure['code']}: {failure['reason']}"))
    head.add_row("started", clock(saga["created_at"]) + " UTC")
    head.add_row("last moved", clock(saga["updated_at"]) + " UTC")
    parts: list[RenderableType] = [head, _steps(saga["steps"])]
    parts += [Text(f"{each['step'] or 'saga'} {each['text']}") for each in saga["waiting"]]
    return Group(*parts)


def _steps(steps: list[Json]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("step", "phase", "direction", "round", "attempt", "last error"):
        table.add_column(title, overflow="fold")
    for step in steps:
        table.add_row(
            step["name"],
            step["phase"],
            step["direction"],
            str(step["round"]),
            str(step["attempt"]),
            escape(step["error"]),
        )
    return table


def list_view(page: Json) -> RenderableType:
    """A line for each saga, and how to get the next page."""
    if not page["items"]:
        return Text("no saga is like that")
    table = Table(box=None, pad_edge=False)
    for title in ("id", "definition", "state", "last moved (UTC)", "request key", "because"):
        table.add_column(title, overflow="fold")
    for saga in page["items"]:
        failure = saga["failure"] or {"code": ""}
        table.add_row(
            str(saga["id"]),
            saga["definition"],
            state_text(saga["state"]),
            clock(saga["updated_at"]),
            escape(saga["key"]),
            escape(failure["code"]),
        )
    if page["next"] is None:
        return table
    return Group(table, Text(f"more: --after {page['items'][-1]['id']}", style="dim"))
