"""`saga topics`: the topics of the application on the cluster."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from infra.broker.settings import BrokerSettings
from infra.broker.topics import TopicSpec, ensure_topics, list_topics, print_commands
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.load import load_application
from orchestrator.bootstrap.topics import topics
from orchestrator.cli import given
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.settings import Settings

app = typer.Typer()

PrintOption = Annotated[
    bool, typer.Option("--print", help="Print the commands for whoever may create topics.")
]


class Topic(msgspec.Struct, frozen=True):
    """A topic of the application: the partitions it must have, and has (None: it is not there)."""

    name: str
    partitions: int
    found: int | None
    created: bool = False


@app.command()
def create(
    application: AppOption = None,
    app_dir: AppDirOption = None,
    broker: BrokerOption = None,
    only_print: PrintOption = False,
    as_json: JsonOption = False,
) -> None:
    """Create what is missing; refuses a topic whose partitions do not match."""
    settings = given.settings(app=application, app_dir=app_dir)
    cluster = given.broker(broker) or BrokerSettings()
    specs = _specs(settings, cluster)
    if only_print:
        typer.echo(print_commands(cluster, specs))
        return
    created = asyncio.run(
        ensure_topics(cluster, specs, create=True, allow_weak=settings.allow_weak_log)
    )
    facts = [
        Topic(spec.name, spec.partitions, spec.partitions, spec.name in created) for spec in specs
    ]
    emit(facts, _view, as_json=as_json)


@app.command("list")
def list_(
    application: AppOption = None,
    app_dir: AppDirOption = None,
    broker: BrokerOption = None,
    as_json: JsonOption = False,
) -> None:
    """The topics the application needs, and what the cluster has."""
    cluster = given.broker(broker) or BrokerSettings()
    specs = _specs(given.settings(app=application, app_dir=app_dir), cluster)
    found = asyncio.run(list_topics(cluster))
    facts = [Topic(spec.name, spec.partitions, found.get(spec.name)) for spec in specs]
    emit(facts, _view, as_json=as_json)


def _specs(settings: Settings, cluster: BrokerSettings) -> list[TopicSpec]:
    application = load_application(settings.app, settings.app_dir)
    definitions = [saga.definition for saga in load_sagas(application, settings.overrides)]
    partitions = settings.partitions_on(embedded=cluster.embedded)
    return topics(application, definitions, cluster, partitions)


def _view(facts: Sequence[Topic]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("topic", "partitions", "on the cluster"):
        table.add_column(title)
    for topic in facts:
        if topic.found is None:
            state = "[red]missing[/]"
        elif topic.found != topic.partitions:
            state = f"[red]has {topic.found}[/]"
        else:
            state = "created" if topic.created else "there"
        table.add_row(topic.name, str(topic.partitions), state)
    return table
