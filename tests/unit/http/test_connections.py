"""What comes before anybody is known is bounded: how long a head gets, and how long it takes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from infra.http.connections import MAX_HEAD_BYTES
from infra.http.server import Server
from tests.unit.http.test_server import hello

HERE = b"GET / HTTP/1.1\r\nhost: here\r\n"
TIMEOUT_S = 10.0


async def patient(scope: Any, receive: Any, send: Any) -> None:
    """Answers once it has read the whole body."""
    if scope["type"] == "http":
        while (await receive()).get("more_body"):
            pass
    await hello(scope, receive, send)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server(patient, "127.0.0.1", 0, token_configured=False)
    await made.start()
    yield made
    await made.stop()


async def said(server: Server, *parts: bytes) -> bytes:
    """All that is answered until the connection is closed; the parts are sent one by one."""
    reader, writer = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))
    async with asyncio.timeout(TIMEOUT_S):
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            return await reader.read()
        except ConnectionError:  # it was closed with more of ours under way
            return b""
        finally:
            writer.close()


@pytest.mark.parametrize("head", [b"GET /", HERE + b"x-long: "])
async def test_a_head_that_does_not_end_is_refused(server: Server, head: bytes) -> None:
    answer = await said(server, head, b"x" * MAX_HEAD_BYTES)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code": "head_too_large"' in answer


async def test_a_flood_is_cut_off(server: Server) -> None:
    """Whoever goes on sending is not listened to any more, and others are served as before."""
    chunk = b"x" * MAX_HEAD_BYTES
    await said(server, b"GET /", *([chunk] * 64))
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(server.url)).text == "hello"


async def test_a_head_that_comes_in_pieces_is_answered(server: Server) -> None:
    pieces = [bytes([byte]) for byte in HERE + b"connection: close\r\n\r\n"]
    assert (await said(server, *pieces)).startswith(b"HTTP/1.1 200 ")


async def test_a_body_is_no_head(server: Server) -> None:
    size = 4 * MAX_HEAD_BYTES
    head = HERE + b"connection: close\r\ncontent-length: %d\r\n\r\n" % size
    answer = await said(server, head, *([b"x" * MAX_HEAD_BYTES] * 4))
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_head_that_takes_too_long_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.http.connections.HEAD_S", 0.5)
    answer = await said(server, HERE)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code": "head_too_slow"' in answer


async def test_the_next_head_of_a_connection_may_not_take_longer(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.http.connections.HEAD_S", 0.5)
    answer = await said(server, HERE + b"\r\n" + HERE)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answer


async def test_who_says_nothing_is_let_go(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.http.connections.HEAD_S", 0.01)
    assert await said(server) == b""
