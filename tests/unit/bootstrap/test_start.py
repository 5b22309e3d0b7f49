"""A process that starts while its broker goes: it waits, as it does for one that is not there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from infra.broker.errors import BrokerUnreachable, TopicMismatch
from infra.broker.settings import BrokerSettings
from infra.errors import Mistake
from orchestrator.bootstrap import shapes
from orchestrator.bootstrap.serve import Served
from orchestrator.definition import Application
from orchestrator.settings import Settings

BROKER = BrokerSettings.local("127.0.0.1:1")


@asynccontextmanager
async def api(*_: Any) -> AsyncGenerator[Served]:
    """An HTTP API that nobody calls."""
    yield Served("http://nowhere", "http://nowhere/login")


@pytest.fixture(name="troubles")
def make_troubles(monkeypatch: pytest.MonkeyPatch) -> list[Exception | None]:
    """What becomes of each attempt to prepare the topics and then to start, one after another."""
    troubles: list[Exception | None] = []

    async def reach(broker: BrokerSettings, _say: object) -> BrokerSettings:
        return broker

    async def prepare(*_: Any) -> None:
        if (trouble := troubles.pop(0)) is not None:
            raise trouble

    @asynccontextmanager
    async def running(*_: Any, **__: Any) -> AsyncGenerator[object]:
        await prepare()
        yield object()

    monkeypatch.setattr(shapes, "AGAIN_S", 0)
    monkeypatch.setattr(shapes, "http_api", api)
    monkeypatch.setattr(shapes, "reach", reach)
    monkeypatch.setattr(shapes, "prepare_topics", prepare)
    monkeypatch.setattr(shapes, "running_orchestrator", running)
    return troubles


async def started(folder: Path) -> list[str]:
    """Run a process until it is up; what it said."""
    said: list[str] = []
    up = asyncio.Event()
    settings = Settings(data=folder, app="sagas:app")
    process = asyncio.create_task(
        shapes.orchestrator_process(
            settings,
            BROKER,
            Application("none", ()),
            services=[],
            say=said.append,
            ready=lambda _: up.set(),
        )
    )
    waiting = asyncio.create_task(up.wait())
    await asyncio.wait([process, waiting], timeout=10, return_when=asyncio.FIRST_COMPLETED)
    if process.done():
        waiting.cancel()
        await process
    assert up.is_set()
    process.cancel()
    with suppress(asyncio.CancelledError):
        await process
    return said


async def test_a_broker_that_goes_during_the_start_is_waited_for(
    troubles: list[Exception | None], tmp_path: Path
) -> None:
    """Be it while the topics are looked at, or while the orchestrator connects."""
    gone = BrokerUnreachable("127.0.0.1:1: it went")
    troubles += [gone, None, gone, None, None]
    assert await started(tmp_path) == ["127.0.0.1:1: it went; trying again"] * 2
    assert not troubles


async def test_what_waiting_cannot_cure_ends_it(
    troubles: list[Exception | None], tmp_path: Path
) -> None:
    """Topics that are not what they must be."""
    troubles += [TopicMismatch("eight, not four")]
    with pytest.raises(TopicMismatch):
        await started(tmp_path)


class NotYet:
    """Services that are ready at the second time of asking."""

    def __init__(self) -> None:
        self.asked = 0

    def health(self) -> list[Any]:
        """None to ask."""
        return []

    async def ready(self, timeout_s: float = 30.0) -> None:
        """As RunningServices does it."""
        self.asked += 1
        if self.asked == 1:
            raise Mistake(f"payment is not ready after {timeout_s} s: it went")


async def test_services_wait_too(
    troubles: list[Exception | None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They connect by themselves; the process does not give them up."""
    services, said = NotYet(), list[str]()

    @asynccontextmanager
    async def running(*_: Any) -> AsyncGenerator[NotYet]:
        yield services

    monkeypatch.setattr(shapes, "running_services", running)
    up = asyncio.Event()
    process = asyncio.create_task(
        shapes.services_process(
            Settings(data=tmp_path, app="sagas:app"),
            BROKER,
            Application("none", ()),
            services=["payment"],
            say=said.append,
            ready=lambda _: up.set(),
        )
    )
    async with asyncio.timeout(10):
        await up.wait()
    process.cancel()
    with suppress(asyncio.CancelledError):
        await process
    assert said == ["payment is not ready after 30.0 s: it went; trying again"]
    assert not troubles
