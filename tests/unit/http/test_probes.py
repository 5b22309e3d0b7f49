"""Probes are answered beside the loop; every other connection is the loop's from its first byte."""

import asyncio
import contextlib
import errno
import json
import socket
import threading
from collections.abc import AsyncGenerator

import httpx
import pytest

from infra.clock import ManualClock
from infra.http.probes import IDLE_S, Probe, Probes, Told
from infra.http.raw import rendered
from infra.http.server import Server
from infra.vital import VitalTaskDied
from tests.unit.http.test_server import hello

GET = b"GET /health HTTP/1.1\r\nhost: here\r\n\r\n"
WELL = Told(200, b'{"status":"ready"}')
TIMEOUT_S = 10.0


class Desk:
    """What the thread asks and what it reports."""

    def __init__(self) -> None:
        self.told = WELL
        self.threads: set[int] = set()
        self.measured: list[int] = []

    def tell(self) -> Told:
        """The answer, and who asked for it."""
        self.threads.add(threading.get_ident())
        return self.told

    def measure(self, seconds: float, status: int) -> None:
        """An answer was given."""
        assert seconds >= 0
        self.measured.append(status)

    @property
    def probe(self) -> Probe:
        """As a server wants it."""
        return Probe("/health", self.tell, self.measure)


@contextlib.asynccontextmanager
async def serving(desk: Desk) -> AsyncGenerator[Server]:
    """A server with a thread for probes."""
    server = Server(hello, "127.0.0.1", 0, token_configured=False, probe=desk.probe)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def asked(server: Server, *requests: bytes) -> list[bytes]:
    """The answers on one connection; blocks whoever asks, and so the loop where that is it."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), TIMEOUT_S) as connection:
        return [answered(connection, request) for request in requests]


def answered(connection: socket.socket, request: bytes) -> bytes:
    """One answer, whole; nothing where the connection was closed."""
    connection.sendall(request)
    answer = connection.recv(65_536)
    head, _, _ = answer.partition(b"\r\n\r\n")
    while b"chunked" in head and not answer.endswith(b"0\r\n\r\n"):
        answer += connection.recv(65_536)
    return answer


async def test_a_probe_is_answered_while_the_loop_does_something_else() -> None:
    desk = Desk()
    async with serving(desk) as server:
        first, second = asked(server, GET, GET)  # the loop stands still meanwhile
        assert threading.get_ident() not in desk.threads and len(desk.threads) == 1
    assert desk.measured == [200, 200]
    head, _, body = first.partition(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 200 OK", WELL.body)
    assert second.endswith(body)


async def test_the_answer_is_that_of_the_server_in_all_but_who_gives_it() -> None:
    desk = Desk()
    desk.told = Told(503, b'{"status":"not_ready","reasons":["because"]}')
    async with serving(desk) as server, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{server.url}/health")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["because"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert "date" in answer.headers


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nhost: here\r\n\r\n",
        b"GET /health?all HTTP/1.1\r\nhost: here\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nhost: here\r\n\r\n",
        b"HEAD /health HTTP/1.1\r\nhost: here\r\n\r\n",
        b"GET /health HTTP/1.0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost: here\r\nContent-Length: 2\r\n\r\nxy",
        b"GET /health HTTP/1.1\r\nhost: here\r\nContent-Length: 0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        GET + b"GET / HTTP/1.1\r\nhost: here\r\n\r\n",
    ],
)
async def test_whatever_is_no_plain_probe_is_the_loops(request_: bytes) -> None:
    desk = Desk()
    async with serving(desk) as server:
        (answer,) = await asyncio.to_thread(asked, server, request_)
    assert answer.startswith(b"HTTP/1.1 200") and WELL.body not in answer
    assert not desk.threads


async def test_half_a_probe_is_the_loops() -> None:
    desk = Desk()
    async with serving(desk) as server, httpx.AsyncClient(trust_env=False):
        reader, writer = await asyncio.open_connection(*server.url[7:].split(":"))
        writer.write(GET[:10])
        await writer.drain()
        await asyncio.sleep(0)
        writer.write(GET[10:])
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_connection_that_asks_for_more_goes_on_on_the_loop() -> None:
    desk = Desk()
    more = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
    async with serving(desk) as server:
        first, second, third = await asyncio.to_thread(asked, server, GET, more, GET)
    assert first.endswith(WELL.body)
    assert b"hello" in second and b"hello" in third, "once the loop's, always the loop's"
    assert desk.measured == [200]


async def test_who_wants_the_connection_closed_gets_that() -> None:
    async with serving(Desk()) as server:
        last = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        answer, after = asked(server, last, b"")
        assert b"\r\nconnection: close\r\n" in answer
        assert after == b""


async def test_after_the_end_nobody_is_let_in() -> None:
    async with serving(Desk()) as server:
        pass
    with pytest.raises(OSError, match="refused"):
        asked(server, GET)


class Hall:
    """The thread's part alone, driven by hand through its own loop in a thread of the test."""

    def __init__(self, clock: ManualClock) -> None:
        self.passed: list[socket.socket] = []
        self.came = threading.Event()
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.probes = Probes(
            self.listener, Desk().probe, clock, self._pass_on, lambda seconds, status: None
        )
        self.thread = threading.Thread(target=self.probes.run)

    def _pass_on(self, connection: socket.socket) -> None:
        self.passed.append(connection)
        self.came.set()

    def connect(self) -> socket.socket:
        """A client."""
        return socket.create_connection(self.listener.getsockname(), TIMEOUT_S)

    def __enter__(self) -> "Hall":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.probes.stop()
        self.thread.join(TIMEOUT_S)
        assert not self.thread.is_alive()
        for connection in self.passed:
            connection.close()


def test_who_has_asked_and_says_nothing_more_is_closed_and_who_never_spoke_is_passed_on() -> None:
    clock = ManualClock()
    with Hall(clock) as hall, hall.connect() as silent, hall.connect() as asking:
        asking.sendall(GET)
        assert asking.recv(65_536).endswith(WELL.body)
        clock.advance(int(IDLE_S * 1_000) + 1)
        with hall.connect() as other:  # somebody has to come for it to look around
            other.sendall(GET)
            assert other.recv(65_536)
            assert hall.came.wait(TIMEOUT_S)
            assert asking.recv(1) == b""
        assert [one.getpeername() for one in hall.passed] == [silent.getsockname()]


def test_no_more_files_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    accept, tries = socket.socket.accept, list[int]()

    def full(self: socket.socket) -> tuple[socket.socket, object]:
        tries.append(1)
        if len(tries) < 3:
            raise OSError(errno.EMFILE, "too many open files")
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", full)
    monkeypatch.setattr("infra.http.probes.FULL_S", 0.0)
    with Hall(ManualClock()) as hall, hall.connect() as asking:
        asking.sendall(GET)
        assert asking.recv(65_536).endswith(WELL.body)
    assert len(tries) >= 3


def test_a_client_that_has_gone_is_forgotten() -> None:
    with Hall(ManualClock()) as hall:
        hall.connect().close()
        with hall.connect() as asking:
            asking.sendall(GET)
            assert asking.recv(65_536).endswith(WELL.body)
        assert not hall.passed


def test_the_answer_as_it_is_sent() -> None:
    head, _, body = rendered(200, b"{}", "application/json", last=True).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (lines[0], body) == ("HTTP/1.1 200 OK", b"{}")
    assert {"content-length: 2", "connection: close", "x-content-type-options: nosniff"} < set(
        lines
    )
    assert json.loads(body) == {}


async def test_a_thread_that_dies_ends_the_process() -> None:
    """It would be the end of all new connections."""
    desk, said = Desk(), asyncio.Queue[object]()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: said.put_nowait(context["exception"]))
    desk.told = None  # type: ignore[assignment]  # what it cannot send
    async with serving(desk) as server:
        assert await asyncio.to_thread(asked, server, GET) == [b""]
        died = await asyncio.wait_for(said.get(), TIMEOUT_S)
    assert isinstance(died, VitalTaskDied) and "probes" in str(died)
