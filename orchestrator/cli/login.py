"""`saga login`: a new login link to the web page of the process on the data folder."""

from typing import Any

import typer
from rich.text import Text

from orchestrator.cli import given
from orchestrator.cli.client import connected
from orchestrator.cli.options import DataOption, JsonOption
from orchestrator.cli.output import emit

app = typer.Typer()


@app.command()
def login(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print a link that logs a browser in; it works once, for ten minutes."""
    with connected(given.settings(data=data)) as client:
        facts = client.post("/login", {})
    emit(facts, _view, as_json=as_json)


def _view(facts: dict[str, Any]) -> Text:
    return Text(str(facts["url"]))
