"""Starts sagas, by HTTP and on the topic, and makes each start again until it is taken."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import httpx
import msgspec

from contracts.envelope import HEADERS
from contracts.topics import DEFAULT_TENANT, REQUESTS, partition_of_start
from infra.boundaries import OUTSIDE
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.types import Record
from orchestrator.chaos.starts import Start, Starts

PAUSE_S: Final = 0.5
PATIENCE_S: Final = 15.0


class Load:
    """Starts the sagas one by one at a rate; ``sagas`` has what the doors answered: (definition,
    key) -> ids.
    """

    def __init__(
        self, starts: Starts, doors: Sequence[str], token: str, broker: BrokerSettings, parts: int
    ) -> None:
        self._starts = starts
        self._doors = [*doors, ""]  # the last one is the topic
        self._parts = parts
        self._topic = broker.topic(REQUESTS)
        self._senders = TopicSenders(broker, client_id="chaos-load")
        headers = {"Authorization": f"Bearer {token}"}
        limits = httpx.Limits(max_connections=200)
        self._http = httpx.AsyncClient(
            headers=headers, timeout=PATIENCE_S, trust_env=False, limits=limits
        )
        self._open: set[asyncio.Task[None]] = set()
        self.made: list[Start] = []
        self.repeated = 0
        self.retried = 0
        self.wrong: list[str] = []
        self.sagas: dict[tuple[str, str], set[int]] = {}

    async def run(self, rate: float, seconds: float) -> None:
        """Start so many a second for so long; returns when the last one was begun."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while (now := clock()) < began + seconds:
            while len(self.made) < (now - began) * rate:
                start = self._starts.nth(len(self.made) + 1)
                self.made.append(start)
                self._begin(self._until_taken(start, start.door))
                if start.again_after is not None:
                    self.repeated += 1
                    self._begin(self._repeat(start))
            await asyncio.sleep(0.01)

    @property
    def waiting(self) -> int:
        """How many starts have not been taken yet (or are to be made once more)."""
        return len(self._open)

    async def close(self) -> None:
        """Give up what is left."""
        for task in self._open:
            task.cancel()
        await self._http.aclose()
        await self._senders.close()

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _repeat(self, start: Start) -> None:
        await asyncio.sleep(start.again_after or 0.0)
        await self._until_taken(start, start.door + 1)

    async def _until_taken(self, start: Start, door: int) -> None:
        """The same key at one door after the other: it is the same saga."""
        while True:
            address = self._doors[door % len(self._doors)]
            if await (self._post(address, start) if address else self._publish(start)):
                return
            door += 1
            self.retried += 1
            await asyncio.sleep(PAUSE_S)

    async def _post(self, address: str, start: Start) -> bool:
        url = f"{address}/sagas/{start.definition}"
        try:
            answer = await self._http.post(
                url, json=start.input, headers={"Idempotency-Key": start.key}
            )
        except httpx.HTTPError:
            return False
        if answer.is_success:
            ids = self.sagas.setdefault((start.definition, start.key), set())
            ids.add(int(answer.json()["id"]))
        elif answer.status_code < 500:
            self.wrong.append(f"{start.definition} {start.key}: HTTP refused it: {answer.text}")
        return answer.status_code < 500

    async def _publish(self, start: Start) -> bool:
        message: dict[str, Any] = {
            "specversion": "1.0",
            "id": start.key,
            "source": "saga-chaos",
            "type": "saga.start",
            "tenant": str(DEFAULT_TENANT),
            "requestkey": start.key,
            "data": {"definition": start.definition, "input": start.input},
        }
        partition = partition_of_start(DEFAULT_TENANT, start.definition, start.key, self._parts)
        record = Record(start.key.encode(), msgspec.json.encode(message), HEADERS)
        await self._senders.submit(self._topic, partition, [record], OUTSIDE)
        return True
