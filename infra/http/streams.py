"""Server-sent events (WHATWG HTML, 9.2): few, each for a while, and each over with its client.

Nothing is held for a stream but a task: whatever feeds it looks, and lets go, each time anew.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from infra.http.errors import Problem
from infra.http.problems import problem_response

MAX_STREAMS: Final = 64
MAX_EACH: Final = 8
"""Of one caller: a browser has a few pages open, and closes those in the background."""
LIFETIME_S: Final = 600.0
"""Then a stream ends; the browser opens another one, and is asked again who it is."""


class Event(NamedTuple):
    """One event. None of its parts has a line end. ``name`` empty: a comment, to keep the
    connection open."""

    name: str = ""
    id: str = ""

    def encode(self) -> bytes:
        """As it is sent."""
        if not self.name:
            return b":\n\n"
        return f"event: {self.name}\nid: {self.id}\ndata: {self.id}\n\n".encode()


class Streams:
    """The open streams of a process."""

    def __init__(self, most: int = MAX_STREAMS, each: int = MAX_EACH) -> None:
        self._most = most
        self._each = each
        self._open: Counter[str] = Counter()
        self._closed = asyncio.Event()

    def __len__(self) -> int:
        """How many are open."""
        return self._open.total()

    def close(self) -> None:
        """End every stream, and let none begin: the server is about to stop."""
        self._closed.set()

    def of(self, caller: str, events: AsyncIterator[Event]) -> Response:
        """The answer that streams these events to this caller."""
        return _Stream(self, caller, events)

    def full(self, caller: str) -> bool:
        """Whether this caller can have none now."""
        over = len(self) >= self._most or self._open[caller] >= self._each
        return over or self._closed.is_set()

    async def serve(
        self, caller: str, work: "asyncio.Task[None]", gone: "asyncio.Task[None]"
    ) -> None:
        """Let ``work`` go on until it ends, the client is ``gone``, or time or the server is over;
        raises what ended the work.
        """
        closed = asyncio.create_task(self._closed.wait())
        tasks = {work, gone, closed}
        self._open[caller] += 1
        try:
            await asyncio.wait(tasks, timeout=LIFETIME_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open[caller] -= 1
            self._open += Counter()  # forgets who has none
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if not work.cancelled():
            work.result()


class _Stream(Response):
    """An answer that goes on."""

    media_type = "text/event-stream"

    def __init__(self, streams: Streams, caller: str, events: AsyncIterator[Event]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._streams = streams
        self._caller = caller
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._streams.full(self._caller):
            detail = "there are too many open event streams; the page can be loaded again"
            refusal = Problem(503, detail, code="too_many_streams", headers={"Retry-After": "10"})
            await problem_response(refusal)(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        gone = asyncio.create_task(_gone(receive))
        await self._streams.serve(self._caller, asyncio.create_task(self._send(send)), gone)
        if not gone.done() or gone.cancelled():
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        async for event in self._events:
            await send({"type": "http.response.body", "body": event.encode(), "more_body": True})


async def _gone(receive: Receive) -> None:
    """Return once the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
