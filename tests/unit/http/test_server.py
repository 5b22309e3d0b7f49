"""The token file, the refusal to be open to the world, and a server that starts and stops."""

import signal
import socket
import stat
from pathlib import Path

import httpx
import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.http.errors import HttpError, OpenToTheWorld, TokenFileError
from infra.http.server import Server, is_loopback
from infra.http.tokens import read_or_create_token, read_token


async def hello(scope, receive, send):
    """The smallest ASGI application with a lifespan."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def broken(_scope, receive, send):
    """An application that does not start."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no"})


def test_the_token_is_made_once_and_only_for_its_owner(tmp_path: Path):
    path = tmp_path / "token"
    token = read_or_create_token(path)
    assert len(token) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_or_create_token(path) == token == read_token(path)


def test_a_token_that_others_can_read_is_refused(tmp_path: Path):
    path = tmp_path / "token"
    read_or_create_token(path)
    path.chmod(0o644)
    with pytest.raises(TokenFileError, match="others can read"):
        read_or_create_token(path)


def test_token_files_that_are_none(tmp_path: Path):
    empty = tmp_path / "empty"
    empty.touch(mode=0o600)
    with pytest.raises(TokenFileError, match="is empty"):
        read_or_create_token(empty)
    with pytest.raises(TokenFileError, match="cannot write"):
        read_or_create_token(tmp_path / "no folder" / "token")
    with pytest.raises(TokenFileError, match="cannot read"):
        read_token(tmp_path / "nothing")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com", ""])
def test_anything_else_needs_a_configured_token(host: str):
    assert not is_loopback(host)
    with pytest.raises(OpenToTheWorld, match="needs a configured token"):
        Server(hello, host, 0, token_configured=False)
    Server(hello, host, 0, token_configured=True)


async def test_serving_takes_a_free_port_and_no_signals():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    server = Server(hello, "127.0.0.1", 0, token_configured=False)
    await server.start()
    try:
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(server.url)).text == "hello"
    finally:
        await server.stop()
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(server.url)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_no_answer_waits_for_the_acknowledgement_of_its_head(
    host: str, monkeypatch: pytest.MonkeyPatch
):
    """Head and body are two writes, so Nagle's algorithm has to be off on every connection."""
    nagle_is_off: list[bool] = []
    made = HttpToolsProtocol.connection_made

    def seen(self, transport):
        connection = transport.get_extra_info("socket")
        nagle_is_off.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)
        made(self, transport)

    monkeypatch.setattr(HttpToolsProtocol, "connection_made", seen)
    server = Server(hello, host, 0, token_configured=False)
    await server.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(server.url)).text == "hello"
    await server.stop()
    assert nagle_is_off == [True]


async def test_a_taken_port_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(HttpError, match=rf"127\.0\.0\.1:{port}"):
            await Server(hello, "127.0.0.1", port, token_configured=False).start()


async def test_an_application_that_does_not_start_is_an_error():
    with pytest.raises(HttpError, match="did not start"):
        await Server(broken, "127.0.0.1", 0, token_configured=False).start()
