"""`saga bench recovery`: how soon open sagas go on after a crash (issue 4, part 8)."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer

from infra.broker.settings import BrokerSettings
from infra.logging import configure
from orchestrator.bench import deployments
from orchestrator.bench.load import BenchError
from orchestrator.bench.processes import fleet
from orchestrator.bench.recovery import scenes
from orchestrator.bench.recovery.cast import Cast, Troupe
from orchestrator.bench.recovery.figures import Figures
from orchestrator.bench.recovery.opening import Opener
from orchestrator.bench.recovery.patience import write_application
from orchestrator.bench.recovery.topics import Counter
from orchestrator.bench.recovery.witness import Witness
from orchestrator.bench.runs import Place, Say
from orchestrator.bench.sagas import Sagas
from orchestrator.bootstrap.benchmark import Loaded, load_benchmark
from orchestrator.cli import given
from orchestrator.cli.bench_place import fresh_place, progress
from orchestrator.cli.errors import BadInput, SagaFailed
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.recovery import view
from orchestrator.definition.tree import commands_of
from orchestrator.settings import Settings

PATIENT_MS = 3_600_000
Scene = Callable[[scenes.Stage], Awaitable[Figures]]

OpenOption = Annotated[int, typer.Option("--open", min=1, help="Open sagas.")]
TakeoverOption = Annotated[
    bool, typer.Option("--takeover", help="Two orchestrators: the owner dies, the other goes on.")
]
WaitingOption = Annotated[
    bool,
    typer.Option("--waiting", help="Down until every deadline has passed, the replies waiting."),
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=1, help="With --waiting: deadline of a command, seconds.")
]
DownOption = Annotated[
    float, typer.Option("--down", min=0, help="With --waiting: seconds down, at the least.")
]
PartitionsOption = Annotated[
    int | None, typer.Option("--partitions", min=1, help="Instead of the configured ones.")
]


# pylint: disable-next=too-many-arguments,too-many-positional-arguments,too-many-locals
def recovery(  # its options
    open_sagas: OpenOption = 10_000,
    takeover: TakeoverOption = False,
    waiting: WaitingOption = False,
    timeout: TimeoutOption = 30.0,
    down: DownOption = 0.0,
    partitions: PartitionsOption = None,
    broker: BrokerOption = None,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open sagas, SIGKILL the orchestrator, and see how soon they go on. Needs a real Kafka."""
    settings = given.settings(app=application, app_dir=app_dir)
    if partitions is not None:
        settings = settings.model_copy(update={"partitions": partitions})
    configure(settings.log_format, "error", quiet_clients=True)
    where = given.broker(broker)
    if where is None:
        raise BadInput("recovery is measured on a real Kafka: name one with --broker")
    if takeover and waiting:
        raise BadInput("--takeover and --waiting are two runs")
    loaded = load_benchmark(settings.app, settings.app_dir)

    async def play(stage: scenes.Stage) -> Figures:
        if takeover:
            return await scenes.takeover(stage, open_sagas)
        if waiting:
            return await scenes.waiting(stage, open_sagas, timeout, down)
        return await scenes.restart(stage, open_sagas)

    timeout_ms = int(timeout * 1_000) if waiting else PATIENT_MS
    try:
        found = asyncio.run(_measure(loaded, settings, where, play, timeout_ms))
    except BenchError as error:
        raise SagaFailed(str(error)) from error
    emit(found, view, as_json=as_json)


async def _measure(
    loaded: Loaded, settings: Settings, broker: BrokerSettings, play: Scene, timeout_ms: int
) -> dict[str, Any]:
    run = uuid4().hex[:8]
    with tempfile.TemporaryDirectory(prefix="saga-bench-") as name, progress() as say:
        async with fresh_place(loaded, settings, broker, f"bench-{run}.") as place:
            folder = Path(name)
            app = write_application(folder, settings.app, loaded.definition.name, timeout_ms)
            troupe = Troupe(
                deployments.environment(app, place.broker)
                | {
                    "SAGA_APP_DIR": str(folder),
                    "SAGA_LOG_LEVEL": "info",
                    "SAGA_LOG_FORMAT": "json",
                    "SAGA_PARTITIONS": str(settings.partitions_on(embedded=False)),
                },
                deployments.services_of(loaded.definition, loaded.application.services),
                folder,
            )
            return await _played(loaded, settings, place, troupe, play, say)


# pylint: disable-next=too-many-arguments,too-many-positional-arguments,too-many-locals
async def _played(  # it sets the stage
    loaded: Loaded, settings: Settings, place: Place, troupe: Troupe, play: Scene, say: Say
) -> dict[str, Any]:
    prefix, clock = place.broker.topic_prefix, place.clock
    partitions = settings.partitions_on(embedded=False)
    work = Sagas(loaded.definition, loaded.inputs, failing=0, prefix=prefix, run=prefix)
    first = next(iter(commands_of(loaded.definition.body)))
    async with AsyncExitStack() as stack:
        cast = Cast(
            stack.enter_context(fleet(troupe.folder)),
            troupe,
            clock,
            await stack.enter_async_context(httpx.AsyncClient(trust_env=False)),
        )
        stage = scenes.Stage(
            clock=clock,
            cast=cast,
            opener=await stack.enter_async_context(Opener(place.broker, work, partitions)),
            witness=await stack.enter_async_context(Witness(place.broker, clock, partitions)),
            counter=await stack.enter_async_context(Counter(place.broker)),
            partitions=partitions,
            commands=first.topic,
            say=say,
        )
        figures = await play(stage)
        scene = type(figures).__name__.lower()
        return {"broker": place.broker.address, "scene": scene, "figures": figures}
