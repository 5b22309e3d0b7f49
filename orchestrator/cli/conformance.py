"""`saga conformance`: what a participant, in whatever language, gets wrong."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from infra.broker.settings import BrokerSettings
from infra.clock import SystemClock
from orchestrator.cli import given
from orchestrator.cli.errors import SagaFailed
from orchestrator.cli.options import BrokerOption, JsonOption
from orchestrator.cli.output import console, emit
from orchestrator.cli.views.conformance import line, view
from orchestrator.conformance.examples import Examples, load
from orchestrator.conformance.kit import OWN_REPLIES, Wanted, examine
from orchestrator.conformance.report import Report, Result

app = typer.Typer()

TopicOption = Annotated[
    str, typer.Option("--topic", help="Where the participant takes its commands.", metavar="TOPIC")
]
CommandOption = Annotated[
    Path | None, typer.Option("--command", help="Example commands: a JSON file.", metavar="FILE")
]
PatienceOption = Annotated[
    float, typer.Option("--patience", min=0.1, help="Seconds to wait for an answer.")
]
RepliesOption = Annotated[
    str, typer.Option("--reply-topic", help="Where the answers go; made if it is missing.")
]
OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", help="A check to make; may be repeated.")
]
FirstOption = Annotated[
    int | None, typer.Option("--first", min=1, help="The first number for {{unique}}.")
]


@app.command()
def conformance(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # its options
    topic: TopicOption,
    command: CommandOption = None,
    broker: BrokerOption = None,
    patience: PatienceOption = 10.0,
    reply_topic: RepliesOption = OWN_REPLIES,
    first: FirstOption = None,
    only: OnlyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play the orchestrator to one participant, and print what it gets wrong."""
    examples = Examples() if command is None else load(command)
    wanted = Wanted(topic, examples, patience, reply_topic, first, only or ())
    cluster = given.broker(broker) or BrokerSettings()
    out = console()

    def tell(result: Result) -> None:
        if not as_json:
            out.print(line(result))

    report = asyncio.run(examine(cluster, wanted, SystemClock(), tell))
    emit(report, view, as_json=as_json)
    _judge(report)


def _judge(report: Report) -> None:
    if wrong := report.named("failed"):
        raise SagaFailed(f"{report.topic} gets wrong: {', '.join(wrong)}")
    if not report.named("passed"):
        raise SagaFailed(f"nothing could be examined at {report.topic}")
