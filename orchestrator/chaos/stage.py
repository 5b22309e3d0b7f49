"""What happens between the start and the stop of the processes: load, noise, blows, and quiet."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contracts.topics import REPLIES, REQUESTS, commands_topic
from infra.broker.settings import BrokerSettings
from infra.clock import Clock
from orchestrator.chaos.blows import Blow, blows
from orchestrator.chaos.crew import Crew
from orchestrator.chaos.doors import Doors
from orchestrator.chaos.drained import drained
from orchestrator.chaos.echo import Echo
from orchestrator.chaos.judgement import Judge
from orchestrator.chaos.load import Load
from orchestrator.chaos.report import Report
from orchestrator.chaos.scenery import GROUP, ORCHESTRATORS, Scenery, door_of
from orchestrator.chaos.starts import Starts
from orchestrator.chaos.watch import Watch
from orchestrator.settings import PARTITIONS

Say = Callable[[str], None]

LULL_S: Final = 5.0
"""Before the end of the load nobody is struck any more."""
SETTLED_WITHIN_S: Final = 1_800.0
STILL_S: Final = 240.0
"""When no saga moves for so long, though some are open, they never will."""
TOLD_EVERY_S: Final = 10.0
LOOK_EVERY_S: Final = 0.5


@dataclass(frozen=True)
class Wanted:
    """How long, with which seed, how many sagas a second."""

    seed: int
    seconds: float
    rate: float


class Stage:  # pylint: disable=too-many-instance-attributes  # the parts of a run
    """``wrong`` has what went wrong before anything was compared."""

    def __init__(
        self, wanted: Wanted, scenery: Scenery, clock: Clock, men: Crew, broker: BrokerSettings
    ) -> None:
        self._wanted, self._scenery, self._clock, self._men = wanted, scenery, clock, men
        self._broker = broker
        self._services = [name for name in men.commands if name not in ORCHESTRATORS]
        self._groups = {
            name: commands_topic(name) for names in self._services for name in names.split("+")
        }
        starts = Starts(wanted.seed, list(scenery.drawn.values()), scenery.base, scenery.inputs)
        urls = [door_of(men.commands[name]) for name in ORCHESTRATORS]
        self._doors = Doors(urls, men.env["SAGA_TOKEN"], broker, PARTITIONS)
        self._load = Load(starts, self._doors)
        self._echo = Echo(broker, [REQUESTS, REPLIES, *self._groups.values()], wanted.seed)
        self._groups[GROUP] = REQUESTS
        self._watch = Watch([scenery.file(name) for name in ORCHESTRATORS], clock)
        self._blows: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._settled_s = 0.0
        self._began = clock.monotonic()

    async def play(self, say: Say) -> None:
        """Load and blows until the time is over; returns when everybody is up again."""
        seconds = self._wanted.seconds
        struck = blows(self._wanted.seed, seconds - LULL_S, ORCHESTRATORS, self._services)
        async with (
            self._beside(self._echo.run()),
            self._beside(self._look(say)),
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._load.run(self._wanted.rate, seconds))
            for blow in struck:
                group.create_task(self._strike(blow))

    async def settle(self, say: Say) -> None:
        """Wait until every start was taken, every saga is at its end and every command was read.

        As long as sagas move there is hope, within half an hour.
        """
        say("no more blows: waiting for the open sagas")
        began = self._clock.monotonic()
        async with self._beside(self._look(say)):
            await self._until_quiet(began + SETTLED_WITHIN_S)
        self._settled_s = self._clock.monotonic() - began

    async def _until_quiet(self, end: float) -> None:
        while not await self._quiet():
            if self._watch.still > STILL_S or self._clock.monotonic() > end:
                waiting, sagas = self._load.waiting, dict(self._watch.furthest())
                self.wrong.append(f"it did not settle: {waiting} starts not taken, sagas {sagas}")
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _quiet(self) -> bool:
        """Whether all is said and taken, no saga is open, and nobody has anything unread."""
        if self._load.waiting or self._echo.waiting:
            return False
        settled = await asyncio.to_thread(self._watch.settled, len(self._load.made))
        return settled and await drained(self._broker, self._groups)

    async def close(self) -> None:
        """Give up what is still under way."""
        await self._load.close()
        await self._echo.close()

    def judge(self, rebuilt: Path) -> Report:
        """Compare; the processes are gone."""
        judge = Judge(self._scenery, self._load.made, self._doors)
        files = [self._scenery.file(name) for name in ORCHESTRATORS]
        judge.logs([*files, rebuilt])
        judge.sagas(rebuilt)
        fallen = [f"it ended by itself: {what}" for what in self._men.fallen]
        judged = judge.judged
        return Report(
            seed=self._wanted.seed,
            seconds=self._wanted.seconds,
            definitions=len(self._scenery.drawn) + 1,
            sagas=len(self._load.made),
            ends=dict(judged.ends),
            transitions=judged.transitions,
            blows=dict(self._blows),
            signals=self._load.signals,
            decided=dict(judged.decided),
            repeated=self._load.repeated,
            retried=self._load.retried,
            repeated_messages=self._echo.repeated,
            recovered_s={kind: round(s, 1) for kind, s in self._watch.recovered.items()},
            stillest_s=round(self._watch.stillest, 1),
            settled_s=round(self._settled_s, 1),
            differences=[*self.wrong, *fallen, *self._doors.wrong, *judged.differences],
        )

    async def _strike(self, blow: Blow) -> None:
        await asyncio.sleep(blow.at)
        if await self._men.strike(blow):
            self._blows[blow.kind] += 1
            self._watch.returned(blow.kind)

    async def _look(self, say: Say) -> None:
        told = self._clock.monotonic()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self._men.collect()
            await asyncio.to_thread(self._watch.look)
            if self._clock.monotonic() - told >= TOLD_EVERY_S:
                told = self._clock.monotonic()
                say(await asyncio.to_thread(self._line))

    def _line(self) -> str:
        counts = self._watch.furthest()
        sagas = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        blows_so_far = ", ".join(f"{count} {kind}" for kind, count in self._blows.items())
        elapsed = self._clock.monotonic() - self._began
        return (
            f"{elapsed:5.0f} s: {len(self._load.made)} started ({self._load.waiting} not taken),"
            f" {sagas or 'no sagas'}; blows: {blows_so_far or 'none'};"
            f" stillest {self._watch.stillest:.1f} s"
        )

    @asynccontextmanager
    async def _beside(self, work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
        task = asyncio.create_task(work)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
