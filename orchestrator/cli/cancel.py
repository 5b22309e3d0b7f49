"""`saga cancel ID`: stop a running saga and undo what it did, until there is no way back."""

import uuid
from typing import Annotated, Any

import typer
from rich.text import Text

from orchestrator.cli import given
from orchestrator.cli.client import TIMEOUT_S, connected
from orchestrator.cli.options import DataOption, JsonOption, SagaArgument
from orchestrator.cli.output import emit

app = typer.Typer()


@app.command()
def cancel(
    saga: SagaArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why: it is kept in the history.")],
    *,
    by: Annotated[str | None, typer.Option("--by", help="Who says so; the operator.")] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Request key: the same key is the same signal.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop a running saga and undo what it did."""
    body = {"reason": reason, "by": by}
    with connected(given.settings(data=data)) as client:
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        facts = client.post(f"/sagas/{saga}/cancel", body, headers=headers, timeout_s=2 * TIMEOUT_S)

    def view(asked: dict[str, Any]) -> Text:
        said = "cancelled" if asked["outcome"] == "applied" else "asked, not decided yet"
        return Text(f"{said}: saga {saga}; `saga history {saga}` tells more")

    emit(facts, view, as_json=as_json)
