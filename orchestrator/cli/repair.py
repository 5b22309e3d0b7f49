"""`saga repair ID`: an operator decides for a saga that stands still (DESIGN law 7)."""

import uuid
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text

from orchestrator.cli import given
from orchestrator.cli.client import TIMEOUT_S, connected
from orchestrator.cli.options import DataOption, JsonOption, SagaArgument
from orchestrator.cli.output import emit

app = typer.Typer()


class Action(StrEnum):
    """What an operator can decide."""

    RETRY = "retry"
    SKIP = "skip"
    RESUME = "resume"


@app.command()
def repair(
    saga: SagaArgument,
    action: Annotated[Action, typer.Argument(help="Ask again, write off, or go on with all.")],
    reason: Annotated[str, typer.Option("--reason", help="Why: it is kept in the history.")],
    *,
    step: Annotated[
        str | None, typer.Option("--step", help="Which step, where several stand still.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Request key: the same key is the same repair.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide for a saga that needs an operator."""
    body = {"action": action.value, "reason": reason, "step": step}
    with connected(given.settings(data=data)) as client:
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        facts = client.post(f"/sagas/{saga}/repair", body, headers=headers, timeout_s=2 * TIMEOUT_S)

    def view(asked: dict[str, Any]) -> Text:
        told = f"{asked['action']} of saga {saga}: {asked['outcome']}"
        return Text(f"{told}; `saga history {saga}` tells more")

    emit(facts, view, as_json=as_json)
