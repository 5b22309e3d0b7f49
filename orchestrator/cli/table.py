"""`saga table NAME`: the compensation table, compiled from the definition."""

from typing import Annotated

import typer

from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.load import load_application
from orchestrator.cli import given
from orchestrator.cli.errors import BadInput
from orchestrator.cli.options import AppDirOption, AppOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.table import table_view
from orchestrator.definition.table import Row, Table, compensation_table
from orchestrator.definition.table_text import as_markdown

app = typer.Typer()


@app.command()
def table(
    name: Annotated[str, typer.Argument(help="The definition.")],
    every: Annotated[
        bool, typer.Option("--all", help="Also the rows in which a participant never answers.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="As markdown.")] = False,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """What the orchestrator does for every outcome of every step."""
    settings = given.settings(app=application, app_dir=app_dir)
    sagas = {
        saga.name: saga for saga in load_sagas(load_application(settings.app, settings.app_dir))
    }
    if name not in sagas:
        raise BadInput(f"no definition {name!r}; there are: {', '.join(sagas) or 'none'}")
    whole = compensation_table(sagas[name].definition)
    shown = whole if every else _definite(whole)
    if markdown:
        typer.echo(as_markdown(shown))  # not through rich: a line of markdown must not be wrapped
        return
    emit(shown, table_view, as_json=as_json)
    if len(shown.rows) < len(whole.rows) and not as_json:
        more = len(whole.rows) - len(shown.rows)
        typer.echo(f"{more} more rows, in which a participant never answers: --all")


def _definite(compiled: Table) -> Table:
    rows: tuple[Row, ...] = tuple(row for row in compiled.rows if row.definite)
    return Table(compiled.definition, compiled.version, compiled.columns, rows, compiled.complete)
