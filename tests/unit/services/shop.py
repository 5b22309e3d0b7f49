"""The orders service without a broker: its real database, and an orchestrator made of the test."""

import asyncio
import json
import sqlite3
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx

from contracts.messages import Event
from infra.broker.errors import BrokerError
from infra.broker.types import Record
from infra.clock import ManualClock
from infra.http.app import make_app
from infra.http.guards import Guard, Principal
from infra.http.sessions import Sessions
from services import orders
from services.participant import Waiters
from tests.unit.services.desk import Desk
from tests.unit.services.messages import Consumed, event

TOKEN = "a-token-for-the-test"


class Shop(Desk):
    """A running participant as its own code sees it; what it publishes is kept here."""

    def __init__(self, folder: Path) -> None:
        super().__init__(orders.participant, folder)
        self.waiters = Waiters()
        self.broker_is_away = False
        self.asked: list[dict[str, Any]] = []
        self.published = asyncio.Event()
        self._events = 0

    @property
    def reader(self) -> sqlite3.Connection:
        """The read-only connection."""
        return self.database.reader

    def writing(self) -> AbstractAsyncContextManager[sqlite3.Connection]:
        """A write transaction."""
        return self.database.writing()

    async def partitions(self, topic: str) -> int:
        """Every topic has eight."""
        return 8 if topic == "saga.requests" else 0

    async def publish(self, topic: str, partition: int, record: Record) -> None:
        """Keep what was published."""
        if self.broker_is_away:
            raise BrokerError("away")
        assert topic == "saga.requests"
        assert record.value is not None
        self.asked.append({"partition": partition, **json.loads(record.value)})
        self.published.set()

    async def tell(self, fact: Event, key: str = "", tenant: str = "1", **changes: str) -> None:
        """An event arrives, and is committed."""
        self._events += 1
        envelope = {"id": f"event-{self._events}", "requestkey": key or "any", "tenant": tenant}
        envelope |= changes
        raw = event(type(fact).__name__, fact.model_dump(), **envelope)
        outcome = await self.handler.handle([Consumed(raw, type(fact).topic)])
        assert not outcome.outgoing
        for subject in outcome.woken:
            self.waiters.wake(subject)

    async def last_start(self) -> dict[str, Any]:
        """The start that was published last, once there is a new one."""
        await asyncio.wait_for(self.published.wait(), 10)
        self.published.clear()
        return self.asked[-1]

    def client(self, tenant: int = 1) -> httpx.AsyncClient:
        """A customer of this tenant."""
        guard = Guard(TOKEN, Principal("test", tenant), Sessions(ManualClock()))
        app = make_app("orders", guard, [orders.router({"orders": self})])
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://shop",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
