"""How orders look in a terminal. Facts are as the HTTP API gives them."""

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.orders.cli.words import address_line, words_of

Json = dict[str, Any]

_STYLES: Final = {
    "completed": "green",
    "failed": "red",
    "cancelled": "red",
    "needs_operator": "bold yellow",
    "failing": "cyan",
    "cancelling": "cyan",
}
_TITLES: Final = ("order", "status", "step", "amount", "last moved (UTC)", "because")


def status_view(order: Json) -> RenderableType:
    """Where one order stands."""
    head = Table.grid(padding=(0, 2))
    head.add_row("order", escape(order["order_id"]))
    head.add_row("workflow", str(order["workflow_id"] or "not begun yet"))
    head.add_row("status", _coloured(order["status"]))
    if order["current_step"]:
        head.add_row("step", escape(_step(order)))
    if order.get("needs"):
        head.add_row("needs you", escape(_trouble(order["needs"])))
    head.add_row("done", escape(_done(order)))
    if order.get("late"):
        head.add_row("late", "its deadline has passed, and there was no way back")
    if order.get("amount") is not None:
        head.add_row("amount", _money(order))
    if order.get("address"):
        head.add_row("goes to", escape(address_line(order["address"])))
    for name, value in (order["result"] or {}).items():
        if name in ("carrier", "tracking_number", "shipped_at"):
            head.add_row(name.replace("_", " "), escape(str(value)))
    if order["error"]:
        error = order["error"]
        head.add_row("because", escape(_because(error)))
        nothing = "nothing yet" if order["status"] in ("failing", "cancelling") else "nothing"
        head.add_row("undone", escape(", ".join(error["undone"]) or nothing))
    head.add_row("started", _time(order["created_at"]) + " UTC")
    head.add_row("last moved", _time(order["updated_at"]) + " UTC")
    return head


def _done(order: Json) -> str:
    if order["completed_steps"] is None:
        return f"see `saga status {order['workflow_id']}`" if order["workflow_id"] else ""
    return ", ".join(order["completed_steps"]) or "nothing yet"


def _because(failure: Json) -> str:
    """Code and reason; once, where both say the same."""
    same = failure["reason"] == failure["code"].replace("_", " ")
    return failure["reason"] if same else f"{failure['code']}: {failure['reason']}"


def _trouble(needs: Json) -> str:
    where = f"{needs['direction']} {needs['step']}: " if needs["step"] else ""
    decide = f"saga repair {needs['saga']} retry|skip|resume --reason WHY"
    return f"{where}{needs['cause']}; decide with `{decide}`"


def signal_view(signal: Json) -> RenderableType:
    """What became of a signal."""
    words = {
        "applied": "applied",
        "held": "held until the step that it concerns has settled",
        "pending": "asked, not decided yet",
    }
    said = words.get(signal["outcome"], signal["outcome"])
    place = f"saga order history {signal['order_id']}"
    return Text(f"{signal['signal']}: {said}; `{place}` tells more")


def history_view(history: Json) -> RenderableType:
    """A line for each thing that happened."""
    table = Table(box=None, pad_edge=False)
    table.add_column("when (UTC)", style="dim")
    table.add_column("who")
    table.add_column("what happened", overflow="fold")
    for line in history["items"]:
        table.add_row(_time(line["at"]), escape(line["actor"]), escape(words_of(line)))
    return table


def list_view(page: Json) -> RenderableType:
    """A line for each order, and how to get the next page."""
    if not page["items"]:
        return Text("no order is like that")
    table = Table(box=None, pad_edge=False)
    for title in _TITLES:
        table.add_column(title, overflow="fold")
    for order in page["items"]:
        failure = order.get("failure") or {"code": ""}
        table.add_row(
            escape(str(order.get("reference") or order["orderId"])),
            _coloured(order["status"]) + (", late" if order.get("late") else ""),
            escape(order.get("currentStep") or ""),
            _money(order) if order["amount"] is not None else "",
            _time(order["updatedAt"]),
            escape(failure["code"]),
        )
    if page["next"] is None:
        return table
    after = page["next"].partition("after=")[2].partition("&")[0]
    return Group(table, Text(f"more: --after {after}", style="dim"))


def _step(order: Json) -> str:
    back = "undo " if order.get("direction") == "undo" else ""
    attempt = f", attempt {order['attempt']}" if (order.get("attempt") or 1) > 1 else ""
    return f"{back}{order['current_step']} ({order['phase']}{attempt})"


def _coloured(status: str) -> str:
    style, text = _STYLES.get(status), status.replace("_", " ")
    return f"[{style}]{text}[/]" if style else text


def _money(order: Json) -> str:
    return f"{order['amount'] / 100:.2f} {order['currency']}"


def _time(at: str) -> str:
    return at[:23].replace("T", " ")
