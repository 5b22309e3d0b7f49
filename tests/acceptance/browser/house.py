"""The web page on a port of its own: the real application and engine, participants as told.

`python -m tests.acceptance.browser.house` serves it with a saga in every state, for looking at it.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.clock import ManualClock, SystemClock
from infra.http.guards import Guard, Principal
from infra.http.login import login_path
from infra.http.server import Server
from infra.http.sessions import Sessions
from infra.http.streams import Streams
from orchestrator.admin.application import admin_app
from orchestrator.admin.letters import Letter
from orchestrator.definition.catalogue import Catalogue
from orchestrator.engine.inputs import Wake
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.letters import FakeLetters
from tests.unit.admin.orders import order, shipping

NEVER = ""
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class House:
    """Serves in a thread of its own; what is done to its sagas is done there."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(SystemClock().now_ms() - 60_000)
        self.backend = FakeBackend(folder, self.clock)
        self.backend.catalogue = Catalogue([order, shipping])
        self.backend.patience = 1.0
        self.backend.mending = True
        headers = (("content-type", b"application/json"), ("dlq-error", b"no JSON"))
        self.letters = FakeLetters(
            Letter(
                1024, "saga.replies", 1, 7, HOSTILE, 1_700_000_000_000, 1, b"k", b'{"a": 1', headers
            ),
            Letter(
                2048, "saga.requests", 0, 3, "no JSON", 1_700_000_100_000, 1, None, b"\xff", headers
            ),
        )
        self.guard = Guard(
            "token-of-the-house-01234567", Principal("operator", 1), Sessions(self.clock)
        )
        self.streams = Streams()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: Server | None = None
        self.url = ""

    def open(self, port: int = 0) -> str:
        """Serve; the address."""
        self._thread.start()
        self.url = self.do(self._open(port))
        return self.url

    async def _open(self, port: int) -> str:
        app = admin_app(self.backend, self.letters, self.guard, self.clock, streams=self.streams)
        self._server = Server(app, "127.0.0.1", port, token_configured=True)
        await self._server.start()
        return self._server.url

    def close(self) -> None:
        """Stop serving."""
        self.do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self.streams.close()
        assert self._server is not None
        await self._server.stop()
        self.backend.close()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something where the server runs."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def login(self) -> str:
        """The path of a new login link."""
        return login_path(self.guard)

    def end_streams(self) -> None:
        """As a server does that is about to stop."""
        self._loop.call_soon_threadsafe(self.streams.close)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, where the server runs."""
        self.do(self._until(condition))

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(50):
            while not condition():  # noqa: ASYNC110  # nothing tells of it but itself
                await asyncio.sleep(0.01)

    # ------------------------------------------------------------------------ sagas

    def order(self, key: str, **answers: str) -> int:
        """A new order; ``answers`` by step (`undo_payment` for an undo), empty: none comes."""
        self.backend.answers = {name.replace("_", " "): how for name, how in answers.items()}
        self.do(self.backend.start("order", key, {"order": 7, "address": HOSTILE}, 1))
        row = self.backend.reader.by_key(1, "order", key)
        assert row is not None
        return row.id

    def say(self, saga: int, signal: str, reason: str = "", **data: object) -> None:
        """Tell a saga something."""
        request = f"{signal}-{saga}-{reason[:20]}"
        self.do(self.backend.signal(saga, signal, reason, "ann", 1, request=request, data=data))

    def wake(self, saga: int) -> None:
        """Let the clock reach what the saga waits for."""
        row = self.backend.reader.saga(saga)
        assert row is not None and row.wake_at
        self.clock.advance(max(0, row.wake_at - self.clock.now_ms()))
        self.do(self.backend.take(saga, Wake("wake", self.clock.now_ms())))

    def child(self, saga: int) -> int:
        """The shipping of an order."""
        row = self.backend.reader.by_key(1, "shipping", f"1/{saga}/shipping/do/1")
        assert row is not None
        return row.id

    def reviewed(self, key: str, **answers: str) -> int:
        """An order that was approved."""
        saga = self.order(key, **answers)
        self.say(saga, "review", approved=True)
        return saga


def furnished(house: House) -> dict[str, int]:
    """A saga in every state."""
    found = {
        "completed": house.reviewed("order-1"),
        "waits": house.order("order-2"),
        "refused": house.reviewed("order-3", payment="refused"),
        "flying": house.reviewed("order-4", payment=NEVER),
        "shipping": house.reviewed("order-5", prepare=NEVER),
        "hostile": house.order(HOSTILE, product=NEVER),
    }
    found["stuck"] = house.reviewed("order-6", inventory=NEVER, undo_payment="refused")
    house.say(found["stuck"], "cancel", "ordered twice")
    house.wake(found["stuck"])
    found["undoing"] = house.reviewed(
        "order-7", shipping=NEVER, prepare="refused", undo_inventory=NEVER
    )
    found["child"] = house.child(found["shipping"])
    return found


def main() -> None:
    """Serve until stopped."""
    with TemporaryDirectory() as folder:
        house = House(Path(folder))
        url = house.open(8124)
        print(furnished(house), flush=True)
        print(f"{url}{house.login()}", flush=True)
        try:
            threading.Event().wait()
        finally:
            house.close()


if __name__ == "__main__":
    main()
