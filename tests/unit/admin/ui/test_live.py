"""What tells an open page that it is out of date."""

import asyncio
from collections.abc import AsyncIterator, Callable
from html import unescape

import httpx
import pytest

from infra.broker.errors import BrokerUnreachable
from infra.http.guards import Guard, Principal
from infra.http.streams import Event
from orchestrator.admin.ui import live
from orchestrator.admin.ui.live import changes, fingerprint, waiting
from orchestrator.admin.ui.view import Looking
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.ui.conftest import HTML

Client = httpx.AsyncClient


async def nothing(_seconds: float) -> None:
    """Wait for nothing."""


async def some(events: AsyncIterator[Event], count: int) -> list[Event]:
    """The first so many, or all."""
    found: list[Event] = []
    async for event in events:
        found.append(event)
        if len(found) == count:
            break
    return found


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE_S", 0.0)


def test_a_fingerprint_is_another_one_whenever_a_part_is():
    assert fingerprint(1, "a") == fingerprint(1, "a")
    assert len({fingerprint(1, "a"), fingerprint("1a"), fingerprint(1, "b"), fingerprint()}) == 4


async def test_only_what_has_changed_is_told():
    looks = iter(["a", "a", "b", "b", "c"])
    found = await some(changes(lambda: next(looks), "a", nothing), 3)
    assert [(event.name, event.id) for event in found] == [("", ""), ("moved", "b"), ("moved", "c")]


async def test_what_was_missed_is_told_at_once():
    found = await some(changes(lambda: "b", "a", nothing), 2)
    assert found[1] == Event("moved", "b")


async def test_a_quiet_stream_says_that_it_is_there():
    found = await some(changes(lambda: "a", "a", nothing), 3)
    assert found == [Event(), Event(), Event()]


async def test_it_ends_where_nothing_can_be_looked_up():
    def look() -> str:
        raise BrokerUnreachable("stopping")

    assert await some(changes(look, "a", nothing), 9) == [Event()]


async def test_a_move_of_the_saga_wakes(backend: FakeBackend, ordered: Callable):
    saga = await ordered(payment="")
    row = backend.reader.saga(saga)
    assert row is not None
    woken: list[tuple[int, int]] = []

    async def wait_moved(which: int, number: int, _timeout_s: float) -> None:
        woken.append((which, number))

    backend.wait_moved = wait_moved  # type: ignore[method-assign,assignment]
    await waiting(backend, saga)(1.0)
    assert woken == [(saga, row.number)]


async def test_a_saga_has_another_fingerprint_when_it_or_its_child_moves(
    backend: FakeBackend, ordered: Callable
):
    saga = await ordered(prepare="")
    looking = Looking(backend, Principal("operator", 1), backend.clock.now_ms())
    first = looking.fingerprint(saga)
    assert looking.fingerprint(saga) == first
    row = backend.reader.by_key(1, "shipping", f"1/{saga}/shipping/do/1")
    assert row is not None
    await backend.signal(row.id, "cancel", "no", "ann", 1, request="c")
    assert looking.fingerprint(saga) != first


class Visitor:
    """Reads one stream of an application, until it is told to go."""

    def __init__(self, browser: Client, path: str) -> None:
        self.bodies: list[bytes] = []
        self.gone = asyncio.Event()
        self._begun = False
        self._news = asyncio.Event()
        where, _, query = path.partition("?")
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": where,
            "raw_path": where.encode(),
            "query_string": query.encode(),
            "headers": [(b"cookie", cookie.encode()), (b"host", b"test")],
            "scheme": "http",
            "server": ("test", 80),
            "client": ("test", 1),
            "http_version": "1.1",
            "root_path": "",
            "asgi": {"version": "3.0"},
        }

    async def receive(self) -> dict[str, object]:
        if not self._begun:
            self._begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message) -> None:
        assert message.get("status", 200) == 200
        if message.get("body"):
            self.bodies.append(message["body"])
            self._news.set()

    async def told(self, count: int) -> None:
        """Wait for so many pieces."""
        while len(self.bodies) < count:
            self._news.clear()
            await self._news.wait()


@pytest.mark.parametrize("which", ["/ui", "/ui/sagas/{saga}"])
async def test_a_page_names_its_stream_and_is_told_only_news(
    browser: Client, backend: FakeBackend, ordered: Callable, app, which: str
):
    saga = await ordered(payment="")
    answer = await browser.get(which.format(saga=saga), headers=HTML)
    path = unescape(answer.text.split('hx-sse:connect="')[1].split('"')[0])
    visitor = Visitor(browser, path)
    async with asyncio.timeout(30):
        task = asyncio.create_task(app(visitor.scope, visitor.receive, visitor.send))
        await visitor.told(1)
        assert visitor.bodies == [b":\n\n"]
        await backend.signal(saga, "cancel", "no", "ann", 1, request="c")
        await visitor.told(2)
        assert visitor.bodies[1].startswith(b"event: moved\n")
        visitor.gone.set()
        await task


async def test_a_stream_ends_when_its_session_does(
    browser: Client, guard: Guard, ordered: Callable
):
    saga = await ordered(payment="")
    reading = asyncio.create_task(browser.get(f"/ui/sagas/{saga}/events?seen=x"))
    await asyncio.sleep(0)
    cookie = browser.cookies["saga_session"]
    guard.sessions.logout(cookie)
    async with asyncio.timeout(30):
        answer = await reading
    assert answer.status_code in (200, 401)
