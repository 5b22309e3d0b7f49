"""`saga replay`: one store made again from the other (DESIGN law 14)."""

import asyncio

import typer

from contracts.topics import LOG
from infra.broker.settings import BrokerSettings
from infra.datastore import FolderLock
from infra.logging import configure
from orchestrator.bootstrap.load import load_application
from orchestrator.bootstrap.refill import refill as refill_broker
from orchestrator.cli import given
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.replay import (
    Filled,
    Rebuilt,
    Refilled,
    Skipped,
    rebuilt_view,
    refilled_view,
)
from orchestrator.cli.views.up import say
from orchestrator.replay.rebuild import rebuild as rebuild_file
from orchestrator.sagalog.reader import Reader

app = typer.Typer()


@app.callback()
def replay() -> None:
    """Both the topic saga.log and the file hold every saga: either can be made from the other."""


@app.command()
def rebuild(
    broker: BrokerOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Make the lost file again from saga.log; nothing may run on the data folder."""
    settings = given.settings(data=data)
    cluster = given.broker(broker) or BrokerSettings()
    file = settings.data / "saga.db"
    with FolderLock(settings.data):
        made = asyncio.run(rebuild_file(file, cluster))
        with Reader.open(file) as reader:
            sagas, partitions = reader.counts(), len(reader.partitions())
    facts = Rebuilt(
        str(file.absolute()),
        f"{cluster.topic(LOG)} at {cluster.address}",
        partitions,
        made.transitions,
        {str(status): count for status, count in sagas.items()},
        [Skipped(*skipped) for skipped in made.skipped],
    )
    emit(facts, rebuilt_view, as_json=as_json)


@app.command()
def refill(
    application: AppOption = None,
    app_dir: AppDirOption = None,
    broker: BrokerOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fill saga.log again from the file, on a broker that has lost it; open sagas go on at once.

    Every orchestrator must be stopped. Interrupted, it goes on where it stopped.
    """
    settings = given.settings(app=application, app_dir=app_dir, data=data)
    configure(settings.log_format, settings.log_level)
    cluster = given.broker(broker) or BrokerSettings()
    loaded = load_application(settings.app, settings.app_dir)
    found = asyncio.run(refill_broker(settings, cluster, loaded, say))
    partitions = [Filled(p.partition, p.log_offset) for p in found]
    facts = Refilled(f"{cluster.topic(LOG)} at {cluster.address}", partitions)
    emit(facts, refilled_view, as_json=as_json)
