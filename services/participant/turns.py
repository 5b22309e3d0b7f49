"""Fairness among the services of a process, and towards all else on its event loop."""

import asyncio


class Turns:
    """Turns at handling records: one in each round of the event loop.

    Without them all services that have something to do would do it in one round, and an answer over
    HTTP would wait for all of them instead of for one.
    """

    def __init__(self) -> None:
        self._round = asyncio.Lock()

    async def take(self) -> None:
        """Wait for a round of the loop that nobody else has; who asks first is first."""
        await self._round.acquire()
        asyncio.get_running_loop().call_soon(self._round.release)
