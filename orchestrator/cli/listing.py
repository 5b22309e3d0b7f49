"""`saga list`: sagas, the newest first."""

from enum import StrEnum
from typing import Annotated

import typer

from orchestrator.cli import given
from orchestrator.cli.client import connected
from orchestrator.cli.options import DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.sagas import list_view

app = typer.Typer()


class State(StrEnum):
    """What a saga can be."""

    RUNNING = "running"
    COMPENSATING = "compensating"
    NEEDS_OPERATOR = "needs_operator"
    COMPLETED = "completed"
    FAILED = "failed"


@app.command()
def list_(
    definition: Annotated[
        str | None, typer.Option("--definition", help="Only of this one.")
    ] = None,
    state: Annotated[State | None, typer.Option("--state", help="Only in this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 20,
    after: Annotated[
        int | None, typer.Option("--after", min=0, help="Go on after this id: the next page.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sagas, the newest first, a page at a time."""
    with connected(given.settings(data=data)) as client:
        page = client.get(
            "/sagas", definition=definition, state=state and state.value, limit=limit, after=after
        )
    emit(page, list_view, as_json=as_json)
