"""`saga up`: everything in one process."""

import typer

from infra.logging import configure
from orchestrator.bootstrap.load import load_application
from orchestrator.bootstrap.shapes import orchestrator_process
from orchestrator.bootstrap.signals import run_until_told
from orchestrator.cli import given
from orchestrator.cli.options import (
    AppDirOption,
    AppOption,
    BrokerOption,
    DataOption,
    JsonOption,
    PortOption,
)
from orchestrator.cli.views.up import announcing, say

app = typer.Typer()


@app.command()
def up(
    application: AppOption = None,
    app_dir: AppDirOption = None,
    broker: BrokerOption = None,
    data: DataOption = None,
    port: PortOption = None,
    as_json: JsonOption = False,
) -> None:
    """Broker (embedded unless one is named), orchestrator, services and HTTP API, until stopped."""
    settings = given.settings(app=application, app_dir=app_dir, data=data, port=port)
    configure(settings.log_format, settings.log_level)
    loaded = load_application(settings.app, settings.app_dir)
    code = run_until_told(
        orchestrator_process(
            settings,
            given.broker(broker),
            loaded,
            services=list(loaded.services),
            say=say,
            ready=announcing(settings.data, as_json=as_json),
        )
    )
    raise typer.Exit(code)
