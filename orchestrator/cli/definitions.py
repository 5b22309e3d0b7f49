"""`saga definitions`: the sagas that the application defines."""

from collections.abc import Sequence

import msgspec
import typer
from rich.table import Table

from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.load import load_application
from orchestrator.cli import given
from orchestrator.cli.options import AppDirOption, AppOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.definition.tree import steps_of

app = typer.Typer()


class Defined(msgspec.Struct, frozen=True):
    """A saga of the application: its name, the version that new sagas get, its steps, its input."""

    name: str
    version: str
    steps: list[str]
    input: dict[str, object]


@app.command()
def definitions(
    application: AppOption = None, app_dir: AppDirOption = None, as_json: JsonOption = False
) -> None:
    """The sagas that the application defines."""
    settings = given.settings(app=application, app_dir=app_dir)
    facts = [
        Defined(
            saga.name,
            saga.version,
            [step.name for step in steps_of(saga.definition.body)],
            saga.definition.input,
        )
        for saga in load_sagas(load_application(settings.app, settings.app_dir), settings.overrides)
    ]
    emit(facts, _view, as_json=as_json)


def _view(facts: Sequence[Defined]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("definition", "version", "steps", "input"):
        table.add_column(title)
    for saga in facts:
        fields = saga.input.get("properties")
        names = ", ".join(fields) if isinstance(fields, dict) else ""  # type: ignore[arg-type]
        table.add_row(saga.name, saga.version, ", ".join(saga.steps), names)
    return table
