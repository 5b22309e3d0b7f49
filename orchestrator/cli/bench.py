"""`saga bench`: how many sagas a second, how long one takes, and what that costs."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from infra.broker.settings import BrokerSettings
from infra.clock import SystemClock
from infra.logging import configure
from orchestrator.bench import deployments
from orchestrator.bench import engine as pure_engine
from orchestrator.bench import yardstick as bare
from orchestrator.bench.load import BenchError, Load
from orchestrator.bench.runs import measure
from orchestrator.bench.sagas import Sagas
from orchestrator.bootstrap.benchmark import Loaded, load_benchmark
from orchestrator.cli import bench_http, bench_recovery, given
from orchestrator.cli.bench_place import fresh_place, progress
from orchestrator.cli.errors import SagaFailed
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.bench import Result, engine_view, result, view
from orchestrator.settings import Settings

app = typer.Typer()
app.command()(bench_recovery.recovery)
app.command()(bench_http.http)

SagasOption = Annotated[int, typer.Option("--sagas", min=1, help="How many sagas.")]
ConcurrencyOption = Annotated[int, typer.Option("--concurrency", min=1, help="At a time.")]
RateOption = Annotated[float | None, typer.Option("--rate", min=0.1, help="A second.")]
FailingOption = Annotated[float, typer.Option("--failing", min=0, max=100, help="Percent.")]
YardstickOption = Annotated[
    bool, typer.Option("--yardstick", help="Measure the bare loop too, and the ratio to it.")
]


@dataclass(frozen=True)
class Wanted:
    """What is to be measured."""

    load: Load
    failing: float
    yardstick: bool


@app.callback(invoke_without_command=True)
def bench(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # its options
    context: typer.Context,
    sagas: SagasOption = 10_000,
    concurrency: ConcurrencyOption = 2_000,
    rate: RateOption = None,
    failing: FailingOption = 0.0,
    yardstick: YardstickOption = False,
    broker: BrokerOption = None,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load the application's sagas; orchestrator and services are processes of their own."""
    if context.invoked_subcommand is not None:
        return
    settings = given.settings(app=application, app_dir=app_dir)
    configure(settings.log_format, "error", quiet_clients=True)
    loaded = load_benchmark(settings.app, settings.app_dir)
    wanted = Wanted(Load(sagas, concurrency, rate), failing, yardstick)
    try:
        measured = asyncio.run(_measure(loaded, settings, given.broker(broker), wanted))
    except BenchError as error:
        raise SagaFailed(str(error)) from error
    emit(measured, view, as_json=as_json)


@app.command()
def engine(
    sagas: SagasOption = 50_000,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decisions a second of the pure engine on one core."""
    settings = given.settings(app=application, app_dir=app_dir)
    loaded = load_benchmark(settings.app, settings.app_dir)
    first = dict(loaded.inputs(1, False))
    pace = pure_engine.pace(loaded.definition, first, sagas, SystemClock())
    emit(pace, engine_view, as_json=as_json)


async def _measure(  # pylint: disable=too-many-locals  # two systems side by side
    loaded: Loaded, settings: Settings, broker: BrokerSettings | None, wanted: Wanted
) -> Result:
    run = uuid4().hex[:8]
    with tempfile.TemporaryDirectory(prefix="saga-bench-") as folder, progress() as say:
        async with fresh_place(loaded, settings, broker, f"bench-{run}.") as place:
            prefix, loads = place.broker.topic_prefix, [wanted.load]
            sagas = Sagas(
                loaded.definition, loaded.inputs, failing=wanted.failing, prefix=prefix, run=run
            )
            services = loaded.application.services
            ours = deployments.product(
                settings.app, loaded.definition, services, place.broker, Path(folder)
            )
            measured = {"saga": (await measure(sagas, ours, loads, place, say))[0]}
            if wanted.yardstick:
                theirs = deployments.yardstick(place.broker, Path(folder))
                bare_loop = bare.Yardstick(prefix)
                measured["yardstick"] = (await measure(bare_loop, theirs, loads, place, say))[0]
            return result(place.broker, measured)
