"""`saga kafka`: one real Apache Kafka node on loopback, its data in the data folder."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from infra.kafka import KAFKA_VERSION, KafkaState, LocalKafka
from orchestrator.cli import given
from orchestrator.cli.errors import SagaFailed
from orchestrator.cli.options import DataOption, JsonOption
from orchestrator.cli.output import emit

app = typer.Typer()

HeapOption = Annotated[str, typer.Option("--heap", help="The Java heap.")]
NodePortOption = Annotated[int, typer.Option("--port", help="Its port; 0 takes a free one.")]


class Node(msgspec.Struct, frozen=True):
    """The node of a data folder: where it answers, None when it does not run."""

    version: str
    folder: str
    pid: int | None = None
    bootstrap: str | None = None


@app.command()
def start(
    port: NodePortOption = 9092,
    heap: HeapOption = "512m",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start it; Apache Kafka is fetched the first time."""
    folder = _folder(data)
    state = LocalKafka(folder, port=port or None, heap=heap).start()
    emit(_node(folder, state), _view, as_json=as_json)


@app.command()
def stop(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Stop it; its data stays."""
    folder = _folder(data)
    LocalKafka(folder).stop()
    emit(_node(folder, None), _view, as_json=as_json)


@app.command()
def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Whether it runs, and where; exit code 1 when it does not."""
    folder = _folder(data)
    state = LocalKafka(folder).status()
    emit(_node(folder, state), _view, as_json=as_json)
    if state is None:
        raise SagaFailed(f"no Kafka runs in {folder}")


def _folder(data: Path | None) -> Path:
    return (given.settings(data=data).data / "kafka").absolute()


def _node(folder: Path, state: KafkaState | None) -> Node:
    if state is None:
        return Node(KAFKA_VERSION, str(folder))
    return Node(KAFKA_VERSION, str(folder), state.pid, state.bootstrap)


def _view(node: Node) -> Text:
    if node.bootstrap is None:
        return Text(f"Kafka {node.version} is stopped; its data is in {node.folder}")
    return Text(
        f"Kafka {node.version} answers at {node.bootstrap} (process {node.pid})\n"
        f"use it with --broker {node.bootstrap}, or KAFKA_BOOTSTRAP_SERVERS={node.bootstrap}"
    )
