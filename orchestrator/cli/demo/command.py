"""`saga demo`: every row of the compensation table, live, on a broker and databases of its own."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from infra.logging import configure
from infra.telemetry import exporting
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.errors import ApplicationNotLoaded
from orchestrator.bootstrap.load import load, load_application
from orchestrator.cli import given
from orchestrator.cli.demo.stage import Stage
from orchestrator.cli.errors import SagaFailed
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.demo import report_view
from orchestrator.definition.scenario import Scenario
from orchestrator.definition.table import compensation_table

app = typer.Typer()

TIMEOUT_S: Final = 60.0
EMBEDDED: Final = "the embedded broker"


@app.command()
def demo(
    application: AppOption = None,
    app_dir: AppDirOption = None,
    broker: BrokerOption = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1.0, help="Seconds the sagas may take in all.")
    ] = TIMEOUT_S,
    as_json: JsonOption = False,
) -> None:
    """Start everything, play the application's scenario, and compare with the compiled tables."""
    settings = given.settings(app=application, app_dir=app_dir)
    configure(settings.log_format, "error", quiet_clients=True)
    loaded = load_application(settings.app, settings.app_dir)
    if loaded.demo is None:
        raise ApplicationNotLoaded(f"the application {loaded.name} declares no demo scenario")
    scenario = load(loaded.demo, Scenario)
    sagas = load_sagas(loaded, settings.overrides)
    tables = {saga.name: compensation_table(saga.definition) for saga in sagas}
    # A broker is taken only when it is named here: a demo must not write to the one of .env.
    named = given.broker(broker) if broker else None
    with tempfile.TemporaryDirectory(prefix="saga-demo-") as folder:
        own = settings.model_copy(update={"data": Path(folder)})
        stage = Stage(own, loaded, sagas, scenario, tables, quiet=as_json)
        with exporting():
            facts = asyncio.run(stage.run(named, timeout))
    emit(facts, lambda found: report_view(found, tables), as_json=as_json)
    if not facts.ok:
        raise SagaFailed(
            "the demo differs from the compensation table, or the books do not balance"
        )
