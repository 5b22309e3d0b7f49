"""`saga deploy`: check, move, rollout, rollback, status."""

import typer

from orchestrator.cli.deploy.check import check

app = typer.Typer()
app.command()(check)


@app.callback()
def deploy() -> None:
    """Sagas finish on the version that they started on; here is what else a new one would mean."""
