"""`saga bench`: how many sagas a second, how long one takes, and what that costs."""

import asyncio
import tempfile
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.broker.probe import is_embedded, wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.broker.topics import ensure_topics
from infra.clock import SystemClock
from infra.kafka import LocalKafka
from orchestrator.bench import engine as pure_engine
from orchestrator.bench import yardstick as bare
from orchestrator.bench.load import Load
from orchestrator.bench.report import Figures
from orchestrator.bench.runs import Deployment, Place, measure
from orchestrator.bench.sagas import Sagas
from orchestrator.bootstrap.brokers import embedded_broker
from orchestrator.bootstrap.benchmark import Loaded, load_benchmark
from orchestrator.bootstrap.topics import topics
from orchestrator.cli import given
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.settings import Settings

app = typer.Typer()

CONCURRENCY = 2_000
SagasOption = Annotated[int, typer.Option("--sagas", min=1, help="How many sagas.")]
ConcurrencyOption = Annotated[int, typer.Option("--concurrency", min=1, help="At a time.")]
RateOption = Annotated[float | None, typer.Option("--rate", min=0.1, help="A second.")]
FailingOption = Annotated[float, typer.Option("--failing", min=0, max=100, help="Percent.")]
YardstickOption = Annotated[
    bool, typer.Option("--yardstick", help="Measure the bare loop too, and the ratio to it.")
]
Result = dict[str, Any]


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    sagas: SagasOption = 10_000,
    concurrency: ConcurrencyOption = CONCURRENCY,
    rate: RateOption = None,
    failing: FailingOption = 0.0,
    yardstick: YardstickOption = False,
    broker: BrokerOption = None,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load the application's sagas; client, orchestrator and services are processes of their own."""
    if context.invoked_subcommand is not None:
        return
    settings = given.settings(app=application, app_dir=app_dir)
    loaded = load_benchmark(settings.app, settings.app_dir)
    load = Load(sagas, concurrency, rate)
    result = asyncio.run(_run(loaded, settings, given.broker(broker), load, failing, yardstick))
    emit(result, _view, as_json=as_json)


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
    pace = pure_engine.pace(loaded.definition, dict(loaded.inputs(1, False)), sagas, SystemClock())
    facts = {
        "definition": pace.definition,
        "decisions": pace.decisions,
        "decisions_per_s": round(pace.decisions_per_s),
    }
    emit(facts, _engine_view, as_json=as_json)


async def _run(
    loaded: Loaded,
    settings: Settings,
    broker: BrokerSettings | None,
    load: Load,
    failing: float,
    with_yardstick: bool,
) -> Result:
    run = uuid4().hex[:8]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="saga-bench-")))
        progress = stack.enter_context(_progress())
        if broker is None:
            names = {spec.name: spec.partitions for spec in _specs(loaded, settings, None)}
            names |= {spec.name: spec.partitions for spec in bare.topics(2)}
            place = await stack.enter_async_context(embedded_broker(names))
        else:
            await wait_for_broker(broker)
            place = broker.model_copy(
                update={
                    "topic_prefix": f"{broker.topic_prefix}bench-{run}.",
                    "embedded": await is_embedded(broker),
                }
            )
            await ensure_topics(place, _specs(loaded, settings, place), create=True)
        result: Result = {"broker": "embedded" if place.embedded else place.address}
        where = Place(place, SystemClock(), _broker_process(place))
        product = Sagas(
            loaded.definition, loaded.inputs, failing=failing, prefix=place.topic(""), run=run
        )
        figures = await measure(
            product, _product(loaded, settings, place, folder), [load], where, progress
        )
        result["product"] = figures[0].as_json()
        if with_yardstick:
            if broker is not None:
                partitions = settings.partitions_on(embedded=False)
                specs = [replace(s, name=place.topic(s.name)) for s in bare.topics(partitions)]
                await ensure_topics(place, specs, create=True)
            theirs = await measure(
                bare.Yardstick(place.topic("")), _bare(place, folder), [load], where, progress
            )
            result["yardstick"] = theirs[0].as_json()
            result["ratios"] = _ratios(figures[0], theirs[0])
        return result
