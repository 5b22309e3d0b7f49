"""A Kafka broker seen through a proxy on loopback that can keep its answers to itself.

Brokers name their own address in their answers; here the proxy's stands in its place, so clients
never find the way around it.
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Final

HOST: Final = "127.0.0.1"
LENGTH: Final = struct.Struct(">i")


class Answers(Enum):
    """What becomes of the broker's answers; requests always reach it."""

    PASSED = "passed"
    HELD = "held"  # until they are passed again: each client has waited for nothing meanwhile
    LOST = "lost"  # the connection stays open, and nothing ever comes


class Proxy:
    """Listens on ``port`` for the broker at ``broker_port``, both on loopback."""

    def __init__(self, broker_port: int) -> None:
        self._broker = broker_port
        self._passing = asyncio.Event()
        self._server: asyncio.Server
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0
        self.answers = Answers.PASSED

    @property
    def address(self) -> str:
        """HOST:PORT for clients."""
        return f"{HOST}:{self.port}"

    def set(self, answers: Answers) -> None:
        """From now on the answers are treated like this."""
        self.answers = answers
        (self._passing.clear if answers is Answers.HELD else self._passing.set)()

    def cut(self) -> None:
        """Close every connection as it stands; new ones are taken."""
        for task in list(self._open):
            task.cancel()

    async def start(self) -> None:
        """Begin to listen, on a free port."""
        self.set(Answers.PASSED)
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close everything."""
        self._server.close()
        self.cut()
        if self._open:
            await asyncio.wait(self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._connect(reader, writer)
        writer.close()
        self._open.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection(HOST, self._broker)
        ways = [
            asyncio.ensure_future(_requests(reader, broker_writer)),
            asyncio.ensure_future(self._answers(broker_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            broker_writer.close()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = (HOST.encode() + LENGTH.pack(port) for port in (self._broker, self.port))
        while True:
            head = await reader.readexactly(LENGTH.size)
            body = await reader.readexactly(LENGTH.unpack(head)[0])
            await self._passing.wait()
            if self.answers is Answers.PASSED:
                writer.write(head + body.replace(theirs, ours))
                await writer.drain()


async def _requests(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(65_536):
        writer.write(some)
        await writer.drain()


@asynccontextmanager
async def proxied(bootstrap: str) -> AsyncIterator[Proxy]:
    """A proxy for the broker at HOST:PORT, for as long as the block runs."""
    proxy = Proxy(int(bootstrap.rpartition(":")[2]))
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
