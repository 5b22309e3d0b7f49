"""`saga history ID`: what happened in a saga, in order."""

from typing import Any

import msgspec
import typer
from rich.table import Table

from orchestrator.cli import given
from orchestrator.cli.client import connected
from orchestrator.cli.options import DataOption, JsonOption, SagaArgument
from orchestrator.cli.output import emit
from orchestrator.cli.views.timeline import timeline
from orchestrator.engine.facts import Transition

app = typer.Typer()


@app.command()
def history(saga: SagaArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """The timeline of a saga: times, attempts, replies, undo."""
    with connected(given.settings(data=data)) as client:
        facts = client.get(f"/sagas/{saga}/history")

    def view(found: dict[str, Any]) -> Table:
        return timeline(transitions(saga, found))

    emit(facts, view, as_json=as_json)


def transitions(saga: int, history_of: dict[str, Any]) -> list[Transition]:
    """The transitions of a saga as the HTTP API tells them."""
    return msgspec.convert([{**one, "saga": saga} for one in history_of["items"]], list[Transition])
