"""The sub-commands of `saga order`: each is a call of the HTTP API, and its answer as facts or as a
view.
"""

import uuid
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from infra.commands import Terminal
from services.orders.cli.options import (
    OPTIONS,
    ApproveOption,
    ByOption,
    CityOption,
    CountryOption,
    DataOption,
    ItemOption,
    JsonOption,
    KeyOption,
    PaymentOption,
    Reference,
    RejectOption,
    StateOption,
    StreetOption,
    ZipOption,
    address,
    items,
)
from services.orders.cli.views import (
    history_view,
    list_view,
    signal_view,
    status_view,
)
from services.orders.cli.watching import ENDED_BADLY, begun, lines_of, watched

MAX_WAIT_S: Final = 30
PATIENCE_S: Final = 20.0
DECIDED_S: Final = 5
"""How long a person waits for what becomes of a signal."""

app = typer.Typer(help="Orders that are led through a lifecycle.", no_args_is_help=True)


@app.command()
def start(  # pylint: disable=too-many-arguments,too-many-locals  # each is an option
    context: typer.Context,
    reference: Reference,
    item: ItemOption = None,
    *,
    street: StreetOption = None,
    city: CityOption = None,
    state: StateOption = None,
    zip_code: ZipOption = None,
    country: CountryOption = None,
    payment_id: PaymentOption = None,
    wait: Annotated[
        int, typer.Option("--wait", min=0, max=MAX_WAIT_S, help="Seconds to wait for its end.")
    ] = 0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin an order; what is left out comes from the seed data. Exit code 1 when it fails within
    --wait.
    """
    terminal: Terminal = context.obj
    body: dict[str, Any] = {
        "items": items(terminal, item),
        "initial_address": address(street, city, state, zip_code, country),
        "payment_id": payment_id,
    }
    headers = {"Prefer": f"wait={wait}"} if wait else None
    given = {name: value for name, value in body.items() if value is not None}
    with terminal.api(data) as api:
        path = f"/orders/{reference}/start"
        order = api.post(path, given, headers=headers, timeout_s=wait + PATIENCE_S, options=OPTIONS)
        order = begun(api, order)
    terminal.emit(order, status_view, as_json=as_json)
    _hold(terminal, order)


@app.command()
def status(
    context: typer.Context,
    reference: Reference,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Where an order stands: its step, those that are done, the result or the error."""
    terminal: Terminal = context.obj
    with terminal.api(data) as api:
        order = api.get(f"/orders/{reference}/status")
    terminal.emit(order, status_view, as_json=as_json)


@app.command()
def cancel(
    context: typer.Context,
    reference: Reference,
    reason: Annotated[str, typer.Option("--reason", help="Why: it is kept in the history.")],
    by: ByOption,
    *,
    key: KeyOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop an order and undo what was done, until there is no way back."""
    body = {"reason": reason, "cancelled_by": by}
    _tell(context.obj, reference, "cancel", body, key=key, data=data, as_json=as_json)


@app.command("update-address")
def update_address(  # pylint: disable=too-many-arguments  # each is an option
    context: typer.Context,
    reference: Reference,
    by: ByOption,
    *,
    street: StreetOption = None,
    city: CityOption = None,
    state: StateOption = None,
    zip_code: ZipOption = None,
    country: CountryOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Perhaps why.")] = "",
    key: KeyOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an order go elsewhere, until its package is prepared."""
    new = address(street, city, state, zip_code, country) or {}
    body = {"new_address": new, "updated_by": by, "reason": reason}
    _tell(context.obj, reference, "update-address", body, key=key, data=data, as_json=as_json)


@app.command()
def review(  # pylint: disable=too-many-arguments  # each is an option
    context: typer.Context,
    reference: Reference,
    by: ByOption,
    *,
    approve: ApproveOption = False,
    reject: RejectOption = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; who rejects must say.")] = "",
    key: KeyOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an order that waits for its review go on, or not."""
    if approve == reject:
        raise context.obj.mistaken("say --approve or --reject, one of them")
    body = {"approved": approve, "reviewed_by": by, "reason": reason}
    _tell(context.obj, reference, "review", body, key=key, data=data, as_json=as_json)


@app.command()
def history(
    context: typer.Context,
    reference: Reference,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """All that happened to an order, with who and when."""
    terminal: Terminal = context.obj
    with terminal.api(data) as api:
        found = list(lines_of(api, reference))
    terminal.emit({"order_id": reference, "items": found}, history_view, as_json=as_json)


@app.command("list")
def list_(
    context: typer.Context,
    status_: Annotated[
        str | None, typer.Option("--status", help="Only in this status, such as running.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 20,
    after: Annotated[
        str | None, typer.Option("--after", help="Go on there, as the page before says.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Orders of both kinds, the newest first, a page at a time."""
    terminal: Terminal = context.obj
    with terminal.api(data) as api:
        page = api.get("/orders", status=status_, limit=limit, after=after)
    terminal.emit(page, list_view, as_json=as_json)


@app.command()
def watch(
    context: typer.Context,
    reference: Reference,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Follow an order live until it has ended; exit code 1 when it fails or needs an operator.

    With --json: each line of its history as it comes, then where it stands, a line each.
    """
    terminal: Terminal = context.obj
    with terminal.api(data) as api:
        order = watched(terminal, api, reference, as_json=as_json)
    _hold(terminal, order)


def _tell(
    terminal: Terminal,
    reference: str,
    signal: str,
    body: dict[str, Any],
    *,
    key: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    headers = {"Idempotency-Key": key or str(uuid.uuid4()), "Prefer": f"wait={DECIDED_S}"}
    with terminal.api(data) as api:
        path = f"/orders/{reference}/signals/{signal}"
        told = api.post(path, body, headers=headers, timeout_s=PATIENCE_S, options=OPTIONS)
    terminal.emit(told, signal_view, as_json=as_json)


def _hold(terminal: Terminal, order: dict[str, Any]) -> None:
    """Exit code 1 for an order that has come to a bad end, in one line with the reason."""
    if order["status"] in ENDED_BADLY:
        why = order["error"]["reason"] if order["error"] else "see `saga order history`"
        state = order["status"].replace("_", " ")
        raise terminal.failed(f"order {order['order_id']} {state}: {why}")
