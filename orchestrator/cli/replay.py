"""`saga replay`: one store made again from the other (DESIGN law 14)."""

import asyncio

import typer

from contracts.topics import LOG
from infra.broker.settings import BrokerSettings
from infra.datastore import FolderLock
from orchestrator.cli import given
from orchestrator.cli.options import BrokerOption, DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.replay import Rebuilt, Skipped, rebuilt_view
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
