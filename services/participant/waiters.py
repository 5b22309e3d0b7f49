"""Waiting for something to change in this process: woken by commits, never polling."""

import asyncio
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class Waiters:
    """Who waits for which subject. For one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, set[asyncio.Event]] = {}

    def wake(self, subject: Hashable) -> None:
        """Wake all who wait for this subject; each looks for itself whether it is what it waits
        for.
        """
        for event in self._waiting.get(subject, ()):
            event.set()

    async def wait_for(
        self, subject: Hashable, look: Callable[[], T | None], timeout_s: float
    ) -> T | None:
        """What ``look`` finds as soon as it finds something, or None after ``timeout_s`` seconds.

        It looks at once, and then whenever the subject is woken.
        """
        event = asyncio.Event()
        self._waiting.setdefault(subject, set()).add(event)
        try:
            async with asyncio.timeout(timeout_s):
                while (found := look()) is None:
                    await event.wait()
                    event.clear()
                return found
        except TimeoutError:
            return None
        finally:
            waiting = self._waiting[subject]
            waiting.discard(event)
            if not waiting:
                del self._waiting[subject]
