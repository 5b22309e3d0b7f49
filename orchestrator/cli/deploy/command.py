"""`saga deploy`: check, move, rollout, rollback, status."""

import typer

from orchestrator.cli.deploy.check import check
from orchestrator.cli.deploy.move import move
from orchestrator.cli.deploy.rollout import rollback, rollout
from orchestrator.cli.deploy.status import status

app = typer.Typer()
app.command()(check)
app.command()(move)
app.command()(rollout)
app.command()(rollback)
app.command()(status)


@app.callback()
def deploy() -> None:
    """Sagas finish on the version that they started on; here is what else a new one would mean."""
