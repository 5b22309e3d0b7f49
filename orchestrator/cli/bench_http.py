"""`saga bench http`: how quickly the HTTP API answers at half of what this machine can do."""

import asyncio
import os
import tempfile
from contextlib import AbstractContextManager, AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from infra.broker.settings import BrokerSettings
from infra.clock import SystemClock
from infra.logging import configure
from orchestrator.bench.deployments import environment
from orchestrator.bench.http.process import process
from orchestrator.bench.http.run import Wanted, measured
from orchestrator.bench.load import BenchError
from orchestrator.bootstrap.benchmark import Visits, load_visits
from orchestrator.bootstrap.brokers import reach
from orchestrator.bootstrap.parts import topic_names
from orchestrator.bootstrap.visits import aside
from orchestrator.cli import given
from orchestrator.cli.bench_place import progress
from orchestrator.cli.errors import SagaFailed
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.bench_http import Facts, view
from orchestrator.cli.views.up import say as tell
from orchestrator.settings import Settings

SecondsOption = Annotated[
    float, typer.Option("--seconds", min=1, max=600, help="How long the load is offered.")
]
MaximumOption = Annotated[
    float, typer.Option("--maximum", min=1, max=120, help="How long the maximum is sought.")
]
RateOption = Annotated[
    float | None,
    typer.Option("--rate", min=0.1, max=2_000, help="Starts a second, instead of half of it."),
]
SignalsOption = Annotated[
    float,
    typer.Option("--signals", min=0, max=100, help="Percent of orders that are told to stop."),
]
SeedOption = Annotated[int, typer.Option("--seed", help="What is asked when follows from it.")]


def http(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # its options
    seconds: SecondsOption = 30.0,
    maximum: MaximumOption = 10.0,
    rate: RateOption = None,
    signals: SignalsOption = 25.0,
    seed: SeedOption = 1,
    broker: BrokerOption = None,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start, status, signal and health over HTTP against a `saga up` of its own, on loopback.

    Requests go out when they are due, whatever the answers before them take. A latency is counted
    from then until the answer is there; how late the client itself was is told apart. The targets
    are told beside the figures; whether they are met does not change the exit code.
    """
    settings = given.settings(app=application, app_dir=app_dir)
    configure(settings.log_format, "error", quiet_clients=True)
    visits = load_visits(settings.app, settings.app_dir)
    wanted = Wanted(maximum, seconds, rate, signals / 100, seed)
    try:
        facts = asyncio.run(_measure(settings, visits, given.broker(broker), wanted))
    except BenchError as error:
        raise SagaFailed(str(error)) from error
    emit(facts, view, as_json=as_json)


def _folder() -> AbstractContextManager[str]:
    return tempfile.TemporaryDirectory(prefix="saga-bench-")


async def _measure(  # pylint: disable=too-many-locals  # it puts the parts together
    settings: Settings, visits: Visits, broker: BrokerSettings | None, wanted: Wanted
) -> Facts:
    run = uuid4().hex[:8]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(_folder()))
        shown = stack.enter_context(progress())
        env = {"SAGA_APP": settings.app}
        if settings.app_dir is not None:
            env["SAGA_APP_DIR"] = str(settings.app_dir.absolute())
        where = "embedded"
        if broker is not None:
            names = partial(
                topic_names, settings=settings, application=visits.application, sagas=visits.sagas
            )
            known = await reach(broker, tell)
            own = await stack.enter_async_context(aside(known, names, tell))
            env, where = env | environment(settings.app, own), broker.address
        clock, embedded = SystemClock(), broker is None
        serving = process(folder, env, visits.saga, clock, own_broker=embedded)
        up = await stack.enter_async_context(serving)
        found = await measured(up, lambda n: visits.make(n, run), clock, wanted, shown)
    return {"broker": where, "cores": os.cpu_count()} | found
