"""HTTP/1.1 as the bench asks it: connections kept open, as little work for a request as can be.

Client and server share the machine, so what the client costs is missing to the server.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

import msgspec
from httptools import HttpParserError, HttpResponseParser

from infra.clock import Clock
from orchestrator.definition.scenario import Ask

TIMEOUT_S: Final = 30.0
"""When an answer is given up; it then counts as having taken that long."""
IDLE_S: Final = 2.0
"""A connection that was idle for longer may just be closed by the server, whose limit is 5 s."""
NO_ANSWER: Final = 0
"""The status of a request that was not answered."""


class Answer(NamedTuple):
    """The status (``NO_ANSWER`` where none came), the body, and when it was there (clock.monotonic,
    seconds).
    """

    status: int
    body: bytes
    at: float


class Connections:
    """Connections to one server on loopback, ``most`` of them; who finds none free waits."""

    def __init__(self, url: str, headers: Mapping[str, str], clock: Clock, most: int) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 80
        self._clock = clock
        self._free: list[_Connection] = []
        self._room = asyncio.Semaphore(most)
        lines = [f"Host: {place.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
        self._head = "\r\n".join(lines)

    async def ask(self, ask: Ask) -> Answer:
        """The answer to a request; never raises for what the network or the server does."""
        raw = self._encoded(ask)
        async with self._room:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    connection = await self._connection()
                    answer = await connection.ask(raw)
            except (OSError, TimeoutError):
                return Answer(NO_ANSWER, b"", self._clock.monotonic())
            if connection.kept:
                self._free.append(connection)
            return answer

    async def _connection(self) -> "_Connection":
        now = self._clock.monotonic()
        while self._free:
            old = self._free.pop()  # the one used last: the others may grow old
            if now - old.since < IDLE_S:
                return old
            old.close()
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(
            lambda: _Connection(self._clock), self._host, self._port
        )
        return made

    def _encoded(self, ask: Ask) -> bytes:
        body = b"" if ask.body is None else msgspec.json.encode(ask.body)
        lines = [f"{ask.method} {ask.path} HTTP/1.1", self._head]
        lines += [f"{name}: {value}" for name, value in ask.headers.items()]
        if body:
            lines.append("Content-Type: application/json")
        if ask.method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def close(self) -> None:
        """Close those that are free; nobody may ask any more."""
        while self._free:
            self._free.pop().close()


class _Connection(asyncio.Protocol):
    """One connection, for one request at a time. The time of an answer is taken as it comes in:
    what the client still has to do until it looks at it is none of the server's.
    """

    def __init__(self, clock: Clock) -> None:
        self.kept = False
        self.since = clock.monotonic()
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._parser = HttpResponseParser(self)
        self._body = b""
        self._answer: asyncio.Future[Answer] | None = None

    async def ask(self, raw: bytes) -> Answer:
        """The answer to a request, as it is sent. Raises OSError when the connection ends."""
        assert self._transport is not None
        self.kept, self._body = False, b""
        answer = self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        try:
            return await answer
        finally:
            if not self.kept:
                self.close()

    def close(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is not any more: what was asked is not answered."""
        self._fail(exc or ConnectionResetError("closed by the server"))

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(ConnectionError(f"an answer that is not HTTP: {error}"))

    def on_body(self, body: bytes) -> None:
        """A part of its body, from the parser."""
        self._body += body

    def on_message_complete(self) -> None:
        """All of it, from the parser."""
        self.kept, self.since = self._parser.should_keep_alive(), self._clock.monotonic()
        if self._answer is not None and not self._answer.done():
            answer = Answer(self._parser.get_status_code(), self._body, self.since)
            self._answer.set_result(answer)

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
