"""`saga service NAME...`: services of the application, without the orchestrator."""

from typing import Annotated

import typer

from infra.broker.settings import BrokerSettings
from infra.logging import configure
from orchestrator.bootstrap.load import load_application
from orchestrator.bootstrap.shapes import services_process
from orchestrator.bootstrap.signals import run_until_told
from orchestrator.cli import given
from orchestrator.cli.options import (
    AppDirOption,
    AppOption,
    BrokerOption,
    DataOption,
    JsonOption,
)
from orchestrator.cli.views.up import announcing, say

app = typer.Typer()


@app.command()
def service(
    names: Annotated[list[str], typer.Argument(help="One service or several.")],
    application: AppOption = None,
    app_dir: AppDirOption = None,
    broker: BrokerOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run these services on the Kafka that is named, until stopped."""
    settings = given.settings(app=application, app_dir=app_dir, data=data)
    configure(settings.log_format, settings.log_level)
    run_until_told(
        services_process(
            settings,
            given.broker(broker) or BrokerSettings(),
            load_application(settings.app, settings.app_dir),
            services=names,
            say=say,
            ready=announcing(settings.data, as_json=as_json),
        )
    )
