"""`saga health`: how each component of the process on the data folder is doing, and why."""

import typer

from orchestrator.cli import given
from orchestrator.cli.client import connected
from orchestrator.cli.errors import SagaFailed
from orchestrator.cli.options import DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.health import health_view

app = typer.Typer()


@app.command()
def health(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Database, broker, partitions, timers and services; exit code 1 when one of them is down."""
    with connected(given.settings(data=data)) as client:
        facts = client.get("/health/components")
    emit(facts, health_view, as_json=as_json)
    if down := [one["name"] for one in facts["components"] if one["status"] == "down"]:
        raise SagaFailed(f"down: {', '.join(down)}")
