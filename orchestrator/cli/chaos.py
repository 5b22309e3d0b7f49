"""`saga chaos`: real processes on a real Kafka, killed at random; at the end it must add up."""

import asyncio
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from infra.clock import SystemClock
from infra.logging import configure
from orchestrator.chaos.report import Report
from orchestrator.chaos.run import run
from orchestrator.chaos.scenery import build
from orchestrator.chaos.stage import Wanted
from orchestrator.cli import given
from orchestrator.cli.errors import SagaFailed
from orchestrator.cli.options import AppDirOption, AppOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.chaos import view
from orchestrator.settings import Settings

app = typer.Typer()

MinutesOption = Annotated[
    float, typer.Option("--minutes", min=0.1, max=600, help="How long sagas are started.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="What everything is drawn from.")]
RateOption = Annotated[float, typer.Option("--rate", min=0.1, max=200, help="Sagas a second.")]
KeepOption = Annotated[
    bool, typer.Option("--keep", help="Keep the folder of the run, differences or not.")
]


@app.command()
def chaos(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # its options
    minutes: MinutesOption = 2.0,
    seed: SeedOption = 1,
    rate: RateOption = 15.0,
    keep: KeepOption = False,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Kill orchestrators, services and Kafka at random under load; then everything must add up."""
    settings = given.settings(app=application, app_dir=app_dir)
    configure(settings.log_format, "error", quiet_clients=True)
    folder = Path(tempfile.mkdtemp(prefix=f"saga-chaos-{seed}-"))
    kept = keep
    try:
        report = _run(settings, Wanted(seed, minutes * 60, rate), folder)
        kept = keep or not report.ok
        emit(report, view, as_json=as_json)
        if not report.ok:
            raise SagaFailed(
                f"{len(report.differences)} differences with seed {seed}; all of it is in {folder}"
            )
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _run(settings: Settings, wanted: Wanted, folder: Path) -> Report:
    scenery = build(folder, wanted.seed, settings.app, settings.app_dir)

    async def guarded() -> Report:
        running = asyncio.ensure_future(run(wanted, scenery, SystemClock(), _say))
        # SIGINT cancels by itself; either way the processes of the run are ended first.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        return await running

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error


def _say(line: str) -> None:
    """Progress goes to standard error: standard output is for the figures."""
    print(line, file=sys.stderr, flush=True)
