"""Event streams: they end with their client, with the server, and with their time; few at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from infra.http import streams as module
from infra.http.streams import Event, Streams


class Line:
    """One connection: what was sent on it, and the client, who may go."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self._news = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        self._news.set()

    async def until(self, count: int) -> None:
        """Wait for so many messages."""
        async with asyncio.timeout(20):
            while len(self.sent) < count:
                self._news.clear()
                await self._news.wait()

    @property
    def bodies(self) -> list[bytes]:
        return [m["body"] for m in self.sent if m["type"] == "http.response.body"]


class Source:
    """Events that come when told, and whether they were closed."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self.closed = False

    async def events(self) -> AsyncIterator[Event]:
        try:
            while (event := await self.queue.get()) is not None:
                yield event
        finally:
            self.closed = True


@asynccontextmanager
async def served(streams: Streams, line: Line, source: Source, caller: str = "ann"):
    """A stream on this line; over at the end."""
    answer = streams.of(caller, source.events())
    task = asyncio.create_task(answer({"type": "http"}, line.receive, line.send))
    yield task
    line.gone.set()
    await asyncio.wait_for(task, 20)


async def test_events_are_sent_as_they_come():
    streams, line, source = Streams(), Line(), Source()
    async with served(streams, line, source):
        await line.until(1)
        start = line.sent[0]
        headers = dict(start["headers"])
        assert (start["status"], headers[b"content-type"]) == (
            200,
            b"text/event-stream; charset=utf-8",
        )
        assert b"content-length" not in headers
        source.queue.put_nowait(Event())
        source.queue.put_nowait(Event("moved", "7f"))
        await line.until(3)
        assert line.bodies == [b":\n\n", b"event: moved\nid: 7f\ndata: 7f\n\n"]
        assert len(streams) == 1
    assert len(streams) == 0


async def test_it_ends_with_its_client_and_lets_go_of_everything():
    streams, line, source = Streams(), Line(), Source()
    async with served(streams, line, source) as task:
        source.queue.put_nowait(Event())
        await line.until(2)
        line.gone.set()
        await asyncio.wait_for(asyncio.shield(task), 20)
    assert line.bodies == [b":\n\n"]  # nothing is sent to who has gone
    assert len(streams) == 0


async def test_it_ends_where_its_source_ends():
    streams, line, source = Streams(), Line(), Source()
    async with served(streams, line, source) as task:
        source.queue.put_nowait(None)
        await asyncio.wait_for(asyncio.shield(task), 20)
    assert line.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert source.closed


async def test_it_ends_with_the_server_and_none_begins_then():
    streams, line, source = Streams(), Line(), Source()
    async with served(streams, line, source) as task:
        await line.until(1)
        streams.close()
        await asyncio.wait_for(asyncio.shield(task), 20)
    late = Line()
    async with served(streams, late, Source()):
        await late.until(2)
    assert late.sent[0]["status"] == 503


async def test_it_ends_with_its_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LIFETIME_S", 0.0)
    streams, line, source = Streams(), Line(), Source()
    async with served(streams, line, source) as task:
        await asyncio.wait_for(asyncio.shield(task), 20)
    assert line.sent[-1]["more_body"] is False


async def test_there_are_few_at_once():
    streams = Streams(most=3, each=2)
    lines = [Line() for _ in range(5)]
    callers = ["ann", "ann", "ann", "bob", "cid"]
    async with asyncio.timeout(20):
        tasks = [
            asyncio.create_task(
                streams.of(who, Source().events())({"type": "http"}, line.receive, line.send)
            )
            for who, line in zip(callers, lines, strict=True)
        ]
        for line in lines:
            await line.until(1)
        assert [line.sent[0]["status"] for line in lines] == [200, 200, 503, 200, 503]
        lines[0].gone.set()
        await tasks[0]
        again = Line()
        tasks.append(
            asyncio.create_task(
                streams.of("cid", Source().events())({"type": "http"}, again.receive, again.send)
            )
        )
        await again.until(1)
        assert again.sent[0]["status"] == 200
        for line in (*lines, again):
            line.gone.set()
        await asyncio.wait(tasks)
    assert len(streams) == 0


async def test_what_goes_wrong_is_raised_and_leaves_no_place_taken():
    async def broken() -> AsyncIterator[Event]:
        yield Event()
        raise ValueError("a bug")

    streams, line = Streams(), Line()
    with pytest.raises(ValueError, match="a bug"):
        await streams.of("ann", broken())({"type": "http"}, line.receive, line.send)
    assert len(streams) == 0
