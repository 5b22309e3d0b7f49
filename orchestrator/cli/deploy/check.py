"""`saga deploy check`: new definitions and contracts against every open saga and what waits."""

from typing import Annotated

import typer

from orchestrator.cli import given
from orchestrator.cli.deploy.gathering import (
    New,
    definitions_of,
    file_of,
    known_broker,
    opened,
    what_waits,
)
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.deploy import report_view
from orchestrator.deploy.check import Check
from orchestrator.deploy.unread import LIMIT

FAILED = 1

LimitOption = Annotated[
    int, typer.Option("--limit", min=0, help="Waiting messages to read of a topic; 0: none.")
]


def check(
    application: AppOption = None,
    app_dir: AppDirOption = None,
    data: DataOption = None,
    broker: BrokerOption = None,
    limit: LimitOption = LIMIT,
    as_json: JsonOption = False,
) -> int:
    """Hold the application's definitions and contracts against what runs and waits.

    Nothing is changed. Exit code 1 when something could not continue.
    """
    settings = given.settings(app=application, app_dir=app_dir, data=data)
    new = New.of(settings)
    cluster = known_broker(settings, broker)
    with opened(settings) as reader:
        checked = Check(reader, str(file_of(settings)), new.plans, new.contracts)
        every = definitions_of(new, reader)
        waiting = what_waits(checked.report, cluster, settings.group, every, limit)
        report = checked.run(reader.open_sagas(), waiting)
    emit(report, report_view, as_json=as_json)
    return 0 if report.passes else FAILED
