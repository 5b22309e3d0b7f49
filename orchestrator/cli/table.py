"""`saga table NAME`: the compensation table, compiled from the definition, and under it what a
quick `saga check` found.
"""

from typing import Annotated

import msgspec
import typer

from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.load import load_application
from orchestrator.cli import given
from orchestrator.cli.client import connected
from orchestrator.cli.errors import BadInput
from orchestrator.cli.facts import SagaFacts, happened
from orchestrator.cli.history import transitions
from orchestrator.cli.options import AppDirOption, AppOption, DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.table import Checked, checked_view
from orchestrator.definition.table import Row, Table, compensation_table
from orchestrator.definition.table.text import as_markdown
from orchestrator.definition.words.builder import Saga
from orchestrator.settings import Settings
from orchestrator.verify.at_start import checked_at_start
from orchestrator.verify.result import CheckResult, result

app = typer.Typer()


@app.command()
def table(
    name: Annotated[str, typer.Argument(help="The definition.")],
    every: Annotated[
        bool, typer.Option("--all", help="Also the rows in which a participant never answers.")
    ] = False,
    saga: Annotated[
        int | None, typer.Option("--saga", min=0, help="Only the rows this saga can still come to.")
    ] = None,
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="As markdown.")] = False,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What the orchestrator does for every outcome of every step."""
    settings = given.settings(app=application, app_dir=app_dir, data=data)
    if saga is not None:
        whole, facts, check = _of_saga(settings, name, saga)
        shown = _rows(whole, still_possible(whole, facts))
    else:
        definition = _defined(settings, name).definition
        whole, check = compensation_table(definition), None
        shown = whole if every else _rows(whole, [row for row in whole.rows if row.definite])
        if not markdown:
            check = result(checked_at_start([definition])[0])
    if markdown:
        typer.echo(as_markdown(shown))  # not through rich: a line of markdown must not be wrapped
        return
    emit(Checked.of(shown, check), checked_view, as_json=as_json)
    if saga is None and len(shown.rows) < len(whole.rows) and not as_json:
        more = len(whole.rows) - len(shown.rows)
        typer.echo(f"{more} more rows, in which a participant never answers: --all")


def still_possible(whole: Table, facts: SagaFacts) -> list[Row]:
    """The rows that what has happened so far leaves open; one once every step has settled."""
    known = {name: came for name, came in facts.outcomes.items() if came != "sent"}
    sent = {name for name, came in facts.outcomes.items() if came == "sent"}

    def open_for(row: Row) -> bool:
        if facts.ended in ("completed", "failed") and row.outcomes != _settled(whole, facts):
            return False
        asked = all(row.outcomes[name] for name in sent)
        return asked and all(row.outcomes[name] == came for name, came in known.items())

    return [row for row in whole.rows if open_for(row)]


def _settled(whole: Table, facts: SagaFacts) -> dict[str, str]:
    return {column.step: facts.outcomes.get(column.step, "") for column in whole.columns}


def _of_saga(
    settings: Settings, name: str, saga: int
) -> tuple[Table, SagaFacts, CheckResult | None]:
    """What happened in the saga, the table of the version that it runs, which the log keeps, and
    what the check found.
    """
    with connected(settings) as client:
        about = client.get(f"/sagas/{saga}")
        if about["definition"] != name:
            raise BadInput(f"saga {saga} is one of {about['definition']}, and not of {name}")
        whole = client.get(f"/definitions/{name}/table", version=about["version"])
        history = client.get(f"/sagas/{saga}/history")
    check = msgspec.convert(whole["check"], CheckResult | None)
    return msgspec.convert(whole, Table), happened(transitions(saga, history)), check


def _defined(settings: Settings, name: str) -> Saga:
    sagas = load_sagas(load_application(settings.app, settings.app_dir), settings.overrides)
    found = next((saga for saga in sagas if saga.name == name), None)
    if found is None:
        known = ", ".join(saga.name for saga in sagas) or "none"
        raise BadInput(f"no definition {name!r}; there are: {known}")
    return found


def _rows(whole: Table, rows: list[Row]) -> Table:
    return msgspec.structs.replace(whole, rows=tuple(rows))
