"""`saga demo`: every row of the compensation table, live, on a broker and databases of its own."""

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.live import Live

from infra.broker.settings import BrokerSettings
from infra.logging import configure
from infra.telemetry import exporting
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.errors import ApplicationNotLoaded
from orchestrator.bootstrap.folder import services_folder
from orchestrator.bootstrap.load import load, load_application
from orchestrator.bootstrap.parts import broker_with_topics, running_orchestrator
from orchestrator.bootstrap.services import running_services
from orchestrator.cli import given
from orchestrator.cli.demo.play import Player
from orchestrator.cli.demo.report import Report, report
from orchestrator.cli.errors import SagaFailed
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, JsonOption
from orchestrator.cli.output import console, emit
from orchestrator.cli.views.demo import line, live_view, report_view
from orchestrator.definition.application import Application
from orchestrator.definition.builder import Saga
from orchestrator.definition.scenario import Scenario
from orchestrator.definition.table import Table, compensation_table
from orchestrator.settings import Settings

app = typer.Typer()

TIMEOUT_S: Final = 60.0
EMBEDDED: Final = "the embedded broker"


@app.command()
def demo(
    application: AppOption = None,
    app_dir: AppDirOption = None,
    broker: BrokerOption = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1.0, help="Seconds the sagas may take in all.")
    ] = TIMEOUT_S,
    as_json: JsonOption = False,
) -> None:
    """Start everything, play the application's scenario, and compare with the compiled tables."""
    settings = given.settings(app=application, app_dir=app_dir)
    configure(settings.log_format, "error")
    loaded = load_application(settings.app, settings.app_dir)
    if loaded.demo is None:
        raise ApplicationNotLoaded(f"the application {loaded.name} declares no demo scenario")
    scenario = load(loaded.demo, Scenario)
    sagas = load_sagas(loaded)
    tables = {saga.name: compensation_table(saga.definition) for saga in sagas}
    # A broker is taken only when it is named here: a demo must not write to the one of .env.
    named = given.broker(broker) if broker else None
    with tempfile.TemporaryDirectory(prefix="saga-demo-") as folder:
        own = settings.model_copy(update={"data": Path(folder)})
        stage = _Stage(own, loaded, sagas, scenario, tables, quiet=as_json)
        with exporting():
            facts = asyncio.run(stage.run(named, timeout))
    emit(facts, lambda found: report_view(found, tables), as_json=as_json)
    if not facts.ok:
        raise SagaFailed(
            "the demo differs from the compensation table, or the books do not balance"
        )


class _Stage:
    """Everything in one process, for one scenario."""

    def __init__(
        self,
        settings: Settings,
        application: Application,
        sagas: list[Saga],
        scenario: Scenario,
        tables: Mapping[str, Table],
        *,
        quiet: bool,
    ) -> None:
        self._settings = settings
        self._application = application
        self._sagas = sagas
        self._scenario = scenario
        self._tables = tables
        self._quiet = quiet
        self._show: Callable[[], None] = lambda: None

    async def run(self, named: BrokerSettings | None, timeout_s: float) -> Report:
        """Play the scenario and gather what came of it."""
        began = time.monotonic()
        if named is not None:
            # Topics of its own: whatever else lives on that cluster is not the demo's business.
            prefix = f"{named.topic_prefix}demo-{secrets.token_hex(4)}."
            named = named.model_copy(update={"topic_prefix": prefix})
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            broker = await enter(
                broker_with_topics(named, self._settings, self._application, self._sagas, _say)
            )
            group = {"group": f"{broker.topic_prefix}{self._settings.group}"}
            own = self._settings.model_copy(update=group)
            orchestrator = await enter(running_orchestrator(own, broker, self._sagas))
            services = await enter(
                running_services(
                    self._application,
                    list(self._application.services),
                    broker,
                    services_folder(own),
                )
            )
            await services.ready()
            by_name = dict(services.items())
            player = Player(
                self._scenario,
                orchestrator.door,
                lambda: orchestrator.reader,
                by_name,
                lambda: self._show(),
            )
            await self._watch(player, timeout_s)
            return report(
                self._application.name,
                (EMBEDDED if broker.embedded else broker.address, broker.embedded),
                self._scenario,
                self._tables,
                player.played,
                by_name,
                round((time.monotonic() - began) * 1000),
            )

    async def _watch(self, player: Player, timeout_s: float) -> None:
        """Play, and show the sagas as they move."""
        if self._quiet or not sys.stdout.isatty():
            told: set[str] = set()

            def tell() -> None:
                for one in player.played:
                    if one.facts.ended and one.case.label not in told and not self._quiet:
                        told.add(one.case.label)
                        typer.echo(line(one))

            self._show = tell
            await player.play(timeout_s)
            return
        with Live(live_view(player.played), console=console(), transient=True) as live:
            self._show = lambda: live.update(live_view(player.played))
            await player.play(timeout_s)


def _say(message: str) -> None:
    typer.echo(f"saga: {message}", err=True)
