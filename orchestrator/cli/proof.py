"""`saga proof`: everything that this system promises, shown part by part, in one table."""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.clock import SystemClock
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.load import load_application
from orchestrator.cli import given
from orchestrator.cli.errors import BadInput, SagaFailed
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.points import points
from orchestrator.cli.views.proof import view
from orchestrator.proof.kafka import Place, kafka
from orchestrator.proof.parts import Part, parts
from orchestrator.proof.run import Proof, Result
from orchestrator.settings import Settings

app = typer.Typer()
app.command("points")(points)

FullOption = Annotated[
    bool, typer.Option("--full", help="All of it: hours. Without it a sample of each part.")
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        help="A part to run, as 'crash points' or chaos; may be repeated. A wrong one names all.",
    ),
]


@app.callback(invoke_without_command=True)
def proof(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # its options
    context: typer.Context,
    full: FullOption = False,
    only: OnlyOption = None,
    broker: BrokerOption = None,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run every part of the proof, and print what each explored; exit code 1 when one fails."""
    if context.invoked_subcommand is not None:
        return
    known = _known(given.settings(app=application, app_dir=app_dir))
    if broker is not None:  # bad input, and no part that fails
        asyncio.run(wait_for_broker(BrokerSettings(bootstrap_servers=(broker,))))
    results = _run(_chosen(known, only or ()), broker, full=full)
    emit(results, view, as_json=as_json)
    if failed := [one.part for one in results if one.verdict == "fails"]:
        raise SagaFailed(f"the proof fails: {', '.join(failed)}")


def _known(settings: Settings) -> tuple[Part, ...]:
    """The parts, for the sagas of the application."""
    sagas = load_sagas(load_application(settings.app, settings.app_dir), settings.overrides)
    where = ["--app", settings.app]
    if settings.app_dir is not None:
        where += ["--app-dir", str(settings.app_dir)]
    return parts([saga.name for saga in sagas], where)


def _run(wanted: Sequence[Part], broker: str | None, *, full: bool) -> list[Result]:
    """Run them beside a Kafka; what is begun is told on standard error."""
    say = Console(stderr=True, highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="saga-proof-") as name:
        folder = Path(name)
        beside = any(part.kafka for part in wanted)
        with kafka(folder / "kafka", broker) if beside else nullcontext(Place("")) as place:
            return Proof(folder, place, SystemClock(), say.print).run(wanted, full=full)


def _chosen(known: Sequence[Part], names: Sequence[str]) -> list[Part]:
    """The parts of these names, all when there are none."""
    if unknown := [name for name in names if name not in {part.name for part in known}]:
        there = ", ".join(part.name for part in known)
        raise BadInput(f"no part {unknown[0]!r}; there are: {there}")
    return [part for part in known if not names or part.name in names]
