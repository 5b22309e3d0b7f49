"""`saga proof`: what the promises of this system rest on, to look at and to run."""

import typer

from orchestrator.cli.points import points

app = typer.Typer()
app.command("points")(points)
