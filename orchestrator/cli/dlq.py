"""`saga dlq`: messages that could not be handled (DESIGN law 8)."""

from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestrator.admin.times import clock
from orchestrator.cli import given
from orchestrator.cli.client import connected
from orchestrator.cli.options import DataOption, JsonOption
from orchestrator.cli.output import emit

app = typer.Typer()

LetterArgument = Annotated[int, typer.Argument(help="The id of the dead letter.", min=0)]
Json = dict[str, Any]


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also those sent again.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 20,
    after: Annotated[
        int | None, typer.Option("--after", min=0, help="Go on after this id: the next page.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Dead letters, the newest first."""
    with connected(given.settings(data=data)) as client:
        page = client.get("/dead-letters", all=str(every).lower(), limit=limit, after=after)
    emit(page, _page, as_json=as_json)


@app.command()
def show(letter: LetterArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """One dead letter with its raw content and its error."""
    with connected(given.settings(data=data)) as client:
        facts = client.get(f"/dead-letters/{letter}")
    emit(facts, _letter, as_json=as_json)


@app.command()
def redrive(
    letter: LetterArgument,
    again: Annotated[
        bool, typer.Option("--again", help="Although it was sent again before.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a dead letter again, to where it came from."""
    with connected(given.settings(data=data)) as client:
        facts = client.post(f"/dead-letters/{letter}/redrive", {"again": again})

    def view(sent: Json) -> Text:
        return Text(f"sent again to {sent['topic']}, partition {sent['partition']}")

    emit(facts, view, as_json=as_json)


def _page(page: Json) -> RenderableType:
    if not page["items"]:
        return Text("no dead letters")
    table = Table(box=None, pad_edge=False)
    for title in ("id", "at (UTC)", "topic", "key", "error", "sent again"):
        table.add_column(title, overflow="fold")
    for letter in page["items"]:
        table.add_row(
            str(letter["id"]),
            clock(letter["at"]) if letter["at"] else "",
            letter["topic"],
            escape(letter["key"] or ""),
            escape(letter["error"]),
            clock(letter["redriven"]["at"]) if letter["redriven"] else "",
        )
    if page["next"] is None:
        return table
    return Group(table, Text(f"more: --after {page['items'][-1]['id']}", style="dim"))


def _letter(letter: Json) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for name, value in letter.items():
        table.add_row(name, escape("" if value is None else str(value)))
    return table
