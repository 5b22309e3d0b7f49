"""Serve an ASGI application with uvicorn inside a running event loop, leaving signals to whoever
owns them.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from infra.clock import Clock, SystemClock
from infra.http.connections import Connection
from infra.http.errors import HttpError, OpenToTheWorld
from infra.http.probes import Probe, Probes
from infra.vital import vital

GRACE_SECONDS: Final = 2
_KEEP_ALIVE_SECONDS: Final = 5


class Server:
    """One application on one address, from `start` to `stop`."""

    def __init__(  # pylint: disable=too-many-arguments  # what, where, for whom
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        token_configured: bool,
        probe: Probe | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`port` 0 takes a free one; the `probe` is answered beside the loop (`infra.http.probes`).
        Raises `OpenToTheWorld` when `host` is not loopback and no token was configured: one that
        nobody chose is no protection on a network."""
        if not token_configured and not is_loopback(host):
            raise OpenToTheWorld(f"binding to {host} needs a configured token (SAGA_TOKEN)")
        self._host = host
        self._port = port
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                app,
                http=Connection,
                log_config=None,  # our own logging is configured once, for the process
                access_log=False,
                server_header=False,
                lifespan="on",
                ws="none",
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )
        self._task: asyncio.Task[None] | None = None
        self._entrance = None if probe is None else _Entrance(probe, self._uvicorn, clock)

    @property
    def url(self) -> str:
        """Where it serves, with the real port once started: `http://127.0.0.1:8000`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Bind and serve. Raises `HttpError` when the address is taken or the application does not
        start.
        """
        listener = self._bind()
        self._task = asyncio.create_task(self._serve(listener))
        started = asyncio.create_task(self._uvicorn.up.wait())
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self._task.done():
            await self._task
        elif self._entrance is not None:
            self._entrance.open(listener)

    async def stop(self) -> None:
        """Take no new requests, let those under way end (at most `GRACE_SECONDS`), stop."""
        if self._entrance is not None:
            await self._entrance.close()
        self._uvicorn.should_exit = True
        if self._task is not None:
            await self._task

    async def wait(self) -> None:
        """Return when the server has stopped; raises what stopped it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _serve(self, listener: socket.socket) -> None:
        try:
            await self._uvicorn.serve([listener] if self._entrance is None else [])
        except SystemExit as error:  # uvicorn's way to say so; it must not end the process here
            raise HttpError("the HTTP application did not start; the log says why") from error
        finally:
            listener.close()

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # With the protocol named: asyncio asks for it before it sets TCP_NODELAY, and without that
        # an answer's body waits for the ACK of its head, which a client delays by 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            reason = f"cannot serve HTTP on {self._host}:{self._port}: {error.strerror or error}"
            raise HttpError(reason) from error
        self._port = listener.getsockname()[1]
        return listener


class _Uvicorn(uvicorn.Server):
    """uvicorn takes SIGINT and SIGTERM for itself; here they belong to the process (DESIGN,
    SIGTERM).
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.up.set()

    def protocol(self) -> asyncio.Protocol:
        """What serves one connection, as uvicorn makes it for those that it accepts itself."""
        return Connection(self.config, self.server_state, self.lifespan.state)


class _Entrance:
    """The thread that answers probes, and the way from it to the loop."""

    def __init__(self, probe: Probe, server: _Uvicorn, clock: Clock | None) -> None:
        self._probe = probe
        self._server = server
        self._clock = clock or SystemClock()
        self._probes: Probes | None = None
        self._thread: asyncio.Task[None] | None = None
        self._coming: set[asyncio.Task[None]] = set()

    def open(self, listener: socket.socket) -> None:
        """Let them in."""
        loop = asyncio.get_running_loop()
        tell = loop.call_soon_threadsafe

        def pass_on(connection: socket.socket) -> None:
            tell(self._come, connection)

        def report(seconds: float, status: int) -> None:
            tell(self._probe.measured, seconds, status)

        self._probes = Probes(listener, self._probe, self._clock, pass_on, report)
        running = _ended(loop.run_in_executor(None, self._probes.run))
        self._thread = vital(asyncio.create_task(running, name="probes"))

    async def close(self) -> None:
        """Let nobody in any more; whoever is on the way still comes."""
        if self._probes is not None and self._thread is not None:
            self._probes.stop()
            await asyncio.wait([self._thread])
        if self._coming:
            await asyncio.wait(self._coming)

    def _come(self, connection: socket.socket) -> None:
        task = asyncio.create_task(self._serve(connection))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _serve(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # it has gone again
            await loop.connect_accepted_socket(self._server.protocol, connection)


async def _ended(thread: asyncio.Future[None]) -> None:
    await thread


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine only. A name other than localhost does not count."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
