"""`saga orchestrator`: the orchestrator, its HTTP API, and only the services that are named."""

from typing import Annotated

import typer

from infra.broker.settings import BrokerSettings
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
def orchestrator(  # pylint: disable=too-many-positional-arguments  # each is an option
    application: AppOption = None,
    app_dir: AppDirOption = None,
    broker: BrokerOption = None,
    data: DataOption = None,
    port: PortOption = None,
    service: Annotated[
        list[str] | None,
        typer.Option(help="A service to run in this process, and its HTTP routes; repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the orchestrator on the Kafka that is named, until stopped."""
    settings = given.settings(app=application, app_dir=app_dir, data=data, port=port)
    configure(settings.log_format, settings.log_level)
    code = run_until_told(
        orchestrator_process(
            settings,
            given.broker(broker) or BrokerSettings(),
            load_application(settings.app, settings.app_dir),
            services=service or [],
            say=say,
            ready=announcing(settings.data, as_json=as_json),
        )
    )
    raise typer.Exit(code)
