"""Following an order live: what is new in its history, until it has ended."""

import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, Final

import typer
from rich.console import Group
from rich.live import Live

from infra.commands import Api, Terminal
from services.orders.cli.views import history_view, status_view
from services.orders.cli.words import words_of

Json = dict[str, Any]

POLL_S: Final = 0.25
LOOKS: Final = 20
SHOWN: Final = 20
"""Lines of the history on a screen that is drawn again and again."""
ENDED_BADLY: Final = ("failed", "needs_operator")
_STANDS: Final = ("completed", "cancelled", *ENDED_BADLY)


def begun(api: Api, order: Json) -> Json:
    """The order once its saga has begun, or as it stands after some looks."""
    for _ in range(LOOKS):
        if order["status"] != "pending":
            break
        time.sleep(POLL_S)
        order = api.get(f"/orders/{order['order_id']}/status")
    return order


def lines_of(api: Api, reference: str) -> Iterator[Json]:
    """Every line of an order's history, page after page."""
    place: str | None = f"/orders/{reference}/history"
    while place:
        page = api.get(place)
        yield from page["items"]
        place = page["next"]


def watched(terminal: Terminal, api: Api, reference: str, *, as_json: bool) -> Json:
    """Show what happens until the order has ended, or waits for an operator; where it stands then.

    A terminal is drawn anew; elsewhere each thing that happens is a line.
    """
    console = terminal.console()
    live = console.is_terminal and not as_json
    shown: list[Json] = []
    order: Json = {}
    with Live(console=console, auto_refresh=False) if live else nullcontext() as screen:
        for order, new in _moves(api, reference):
            shown += new
            if screen is not None:
                picture = Group(status_view(order), history_view({"items": shown[-SHOWN:]}))
                screen.update(picture, refresh=True)
            for line in () if live else new:
                typer.echo(_dumped(line) if as_json else _told(line))
    if as_json:
        typer.echo(_dumped(order))
    elif not live:
        console.print(status_view(order))
    return order


def _moves(api: Api, reference: str) -> Iterator[tuple[Json, list[Json]]]:
    """Where the order stands, and what is new in its history; until it stands still.

    A line may come late, before others that were seen: it is known by its id.
    """
    seen: set[int] = set()
    while True:
        order = api.get(f"/orders/{reference}/status")
        new = [line for line in lines_of(api, reference) if line["id"] not in seen]
        seen.update(line["id"] for line in new)
        yield order, new
        if order["status"] in _STANDS:
            return
        time.sleep(POLL_S)


def _told(line: Json) -> str:
    return f"{line['at'][11:23]}  {line['actor']:<12}  {words_of(line)}"


def _dumped(facts: Json) -> str:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
