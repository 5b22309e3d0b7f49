"""A run, whole: everything started, loaded, beaten, settled, stopped, and judged."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final

import httpx

from infra.clock import Clock
from orchestrator.chaos.crew import Command, Crew, crew
from orchestrator.chaos.drained import dead_letters
from orchestrator.chaos.errors import ChaosError
from orchestrator.chaos.report import Report
from orchestrator.chaos.scenery import ORCHESTRATORS, Scenery, door_of, environment, processes
from orchestrator.chaos.stage import Say, Stage, Wanted
from orchestrator.replay.rebuild import rebuild

UP_WITHIN_S: Final = 180.0


async def run(wanted: Wanted, scenery: Scenery, clock: Clock, say: Say) -> Report:
    """Carry it out. Raises ChaosError, LocalKafkaError when that is not possible."""
    async with crew(scenery.folder, say) as (men, broker):
        commands = processes(scenery)
        men.start(commands, environment(scenery, broker))
        say(f"starting {', '.join(commands)}")
        await _up(commands, men)
        stage = Stage(wanted, scenery, clock, men, broker)
        try:
            await stage.play(say)
            await stage.settle(say)
        finally:
            await stage.close()
        men.fleet.stop()
        say("everything is stopped; comparing")
        rebuilt = scenery.folder / "rebuilt.db"
        await rebuild(rebuilt, broker)
        if letters := await dead_letters(broker):
            stage.wrong.append(f"{letters} dead letters: there is nothing that cannot be read")
        return await asyncio.to_thread(stage.judge, rebuilt)


async def _up(commands: Mapping[str, Command], men: Crew) -> None:
    """Wait until every orchestrator is ready; raises ChaosError."""
    token = men.env["SAGA_TOKEN"]
    urls = [f"{door_of(commands[name])}/health/ready" for name in ORCHESTRATORS]
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {token}"}, trust_env=False
    ) as http:
        try:
            async with asyncio.timeout(UP_WITHIN_S):
                for url in urls:
                    while not await _ready(http, url):
                        if (dead := men.fleet.dead()) is not None:
                            raise ChaosError(f"it did not start: {dead}")
                        await asyncio.sleep(0.2)
        except TimeoutError as error:
            raise ChaosError(f"it was not ready within {UP_WITHIN_S:g} s") from error


async def _ready(http: httpx.AsyncClient, url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return (await http.get(url)).is_success
    return False
