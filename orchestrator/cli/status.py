"""`saga status ID`: where a saga stands, and why it does not move."""

import typer

from orchestrator.cli import given
from orchestrator.cli.client import connected
from orchestrator.cli.options import DataOption, JsonOption, SagaArgument
from orchestrator.cli.output import emit
from orchestrator.cli.views.sagas import saga_view

app = typer.Typer()


@app.command()
def status(saga: SagaArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Where it stands: waiting on whom, which attempt, last error, since when."""
    with connected(given.settings(data=data)) as client:
        facts = client.get(f"/sagas/{saga}")
    emit(facts, saga_view, as_json=as_json)
