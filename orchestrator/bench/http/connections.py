"""HTTP/1.1 as the bench asks it: connections kept open, as little work for a request as can be.

Client and server share the machine, so what the client costs is missing to the server. Understood
is what our server sends: a status and a body of a known length.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from infra.clock import Clock
from orchestrator.bench.load import BenchError
from orchestrator.definition.scenario import Ask

TIMEOUT_S: Final = 30.0
"""When an answer is given up; it then counts as having taken that long."""
IDLE_S: Final = 2.0
"""A connection that was idle for longer may just be closed by the server, whose limit is 5 s."""
NO_ANSWER: Final = 0
"""The status of a request that was not answered."""


class Answer(NamedTuple):
    """The status (``NO_ANSWER`` where none came) and the body."""

    status: int
    body: bytes


class _Open(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    since: float


class Connections:
    """Connections to one server on loopback, ``most`` of them; who finds none free waits."""

    def __init__(self, url: str, headers: Mapping[str, str], clock: Clock, most: int) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 80
        self._clock = clock
        self._free: list[_Open] = []
        self._room = asyncio.Semaphore(most)
        lines = [f"Host: {place.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
        self._head = "\r\n".join(lines)

    async def ask(self, ask: Ask) -> Answer:
        """The answer to a request; never raises for what the network or the server does."""
        raw = self._encoded(ask)
        async with self._room:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    return await self._asked(raw)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                return Answer(NO_ANSWER, b"")

    async def _asked(self, raw: bytes) -> Answer:
        now = self._clock.monotonic()
        while self._free:
            old = self._free.pop()  # the one used last: the others may grow old
            if now - old.since < IDLE_S:
                return await self._exchange(old, raw)
            old.writer.close()
        reader, writer = await asyncio.open_connection(self._host, self._port)
        return await self._exchange(_Open(reader, writer, now), raw)

    async def _exchange(self, used: _Open, raw: bytes) -> Answer:
        kept = False
        try:
            used.writer.write(raw)
            head = (await used.reader.readuntil(b"\r\n\r\n")).lower()
            status, length, kept = _read(head)
            body = await used.reader.readexactly(length)
        finally:
            if kept:
                self._free.append(used._replace(since=self._clock.monotonic()))
            else:
                used.writer.close()
        return Answer(status, body)

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
            self._free.pop().writer.close()


def _read(head: bytes) -> tuple[int, int, bool]:
    """Status, length of the body, whether the connection is kept; raises BenchError."""
    first, *lines = head.split(b"\r\n")
    fields = {name: value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    status = int(first.split(b" ")[1])
    if b"content-length" not in fields and status != 204:
        raise BenchError(f"an answer {status} of unknown length")
    length = int(fields.get(b"content-length", b"0"))
    return status, length, fields.get(b"connection") != b"close"
