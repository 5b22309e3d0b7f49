"""Whoever waits for a saga is woken by the commit that moves it; nobody polls."""

import asyncio
from collections.abc import Callable, Hashable
from typing import TypeVar

Answer = TypeVar("Answer")


class Waiters:
    """Wakes by key: a saga id, or (tenant, definition, request key)."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, set[asyncio.Future[None]]] = {}

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def wake(self, key: Hashable) -> None:
        """Something about this key has changed."""
        for future in self._waiting.pop(key, ()):
            if not future.done():
                future.set_result(None)

    async def until(
        self, key: Hashable, look: Callable[[], Answer | None], timeout_s: float
    ) -> Answer | None:
        """Look now and after every wake-up; the first answer, or None after ``timeout_s``
        seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            found = look()
            left = deadline - loop.time()
            if found is not None or left <= 0:
                return found
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.setdefault(key, set()).add(future)
            await asyncio.wait([future], timeout=left)
            waiting = self._waiting.get(key)
            if waiting is not None:
                waiting.discard(future)
                if not waiting:
                    del self._waiting[key]
