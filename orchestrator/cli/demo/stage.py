"""The stage of a demo: everything in one process, for one scenario."""

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final

import typer
from rich.live import Live

from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings
from orchestrator.bootstrap.folder import services_folder
from orchestrator.bootstrap.parts import broker_with_topics, running_orchestrator, topic_names
from orchestrator.bootstrap.services import running_services
from orchestrator.bootstrap.visits import aside
from orchestrator.cli.demo.play import Player
from orchestrator.cli.demo.report import Place, Report, report
from orchestrator.cli.output import console
from orchestrator.cli.views.demo import line, live_view
from orchestrator.definition.application import Application
from orchestrator.definition.scenario import Scenario
from orchestrator.definition.table import Table
from orchestrator.definition.words.builder import Saga
from orchestrator.settings import Settings

EMBEDDED: Final = "the embedded broker"
BROKER_WITHIN_S: Final = 10.0


class Stage:
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
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            if named is not None:
                await wait_for_broker(named, BROKER_WITHIN_S)
                named = await enter(aside(named, self._topics, _say))
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
                self._moved,
            )
            await self._watch(player, timeout_s)
            return report(
                Place(
                    self._application.name,
                    EMBEDDED if broker.embedded else broker.address,
                    broker.embedded,
                ),
                self._scenario,
                self._tables,
                player.played,
                by_name,
                took_ms=round((time.monotonic() - began) * 1000),
            )

    def _topics(self, broker: BrokerSettings) -> list[str]:
        return topic_names(broker, self._settings, self._application, self._sagas)

    def _moved(self) -> None:
        self._show()

    async def _watch(self, player: Player, timeout_s: float) -> None:
        """Play, and show the sagas as they move."""
        if self._quiet or not sys.stdout.isatty():
            if not self._quiet:
                self._show = _lines(player)
            await player.play(timeout_s)
            return
        with Live(live_view(player.played), console=console(), transient=True) as live:
            self._show = lambda: live.update(live_view(player.played))
            await player.play(timeout_s)


def _lines(player: Player) -> Callable[[], None]:
    """A line for each saga when it has ended."""
    told: set[str] = set()

    def tell() -> None:
        for one in player.played:
            if one.facts.ended and one.case.label not in told:
                told.add(one.case.label)
                typer.echo(line(one))

    return tell


def _say(message: str) -> None:
    typer.echo(f"saga: {message}", err=True)
