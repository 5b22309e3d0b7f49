"""Starts sagas and tells them what their customers say, and makes each start and each signal again
until it is taken.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

from orchestrator.chaos.customers import Said
from orchestrator.chaos.doors import Doors
from orchestrator.chaos.starts import Start, Starts

PAUSE_S: Final = 0.5

Ask = Callable[[int], Awaitable[bool]]
"""Ask at the door of this number; whether it was taken."""


class Load:
    """Starts the sagas one by one at a rate. ``made`` are the starts, ``signals`` counts what was
    said to them.
    """

    def __init__(self, starts: Starts, doors: Doors) -> None:
        self._starts = starts
        self._doors = doors
        self._open: set[asyncio.Task[None]] = set()
        self.made: list[Start] = []
        self.signals = 0
        self.repeated = 0
        self.retried = 0

    async def run(self, rate: float, seconds: float) -> None:
        """Start so many a second for so long; returns when the last one was begun."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while (now := clock()) < began + seconds:
            while len(self.made) < (now - began) * rate:
                start = self._starts.nth(len(self.made) + 1)
                self.made.append(start)
                self._begin(self._start(start))
                if start.again_after is not None:
                    self.repeated += 1
                    again = partial(self._doors.start, start)
                    self._begin(self._later(start.again_after, again, start.door + 1))
            await asyncio.sleep(0.01)

    @property
    def waiting(self) -> int:
        """How much has not been taken yet, or is to be said once more."""
        return len(self._open)

    async def close(self) -> None:
        """Give up what is left."""
        for task in self._open:
            task.cancel()
        await self._doors.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _start(self, start: Start) -> None:
        """Nothing is said to a saga before somebody has taken its start."""
        await self._until_taken(partial(self._doors.start, start), start.door)
        for one in start.said:
            self.signals += 1
            self._begin(self._say(start, one))

    async def _say(self, start: Start, one: Said) -> None:
        ask = partial(self._doors.tell, start, one)
        await self._later(one.after, ask, one.door)
        if one.again_after is not None:
            self.repeated += 1
            await self._later(one.again_after, ask, one.door + 1)

    async def _later(self, after: float, ask: Ask, door: int) -> None:
        await asyncio.sleep(after)
        await self._until_taken(ask, door)

    async def _until_taken(self, ask: Ask, door: int) -> None:
        """At one door after the other: the same key is the same saga, the same id the same
        signal.
        """
        while not await ask(door):
            door += 1
            self.retried += 1
            await asyncio.sleep(PAUSE_S)
