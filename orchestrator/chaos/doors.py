"""The ways in: the HTTP of every orchestrator, and the topic. Each is asked once; whoever is not
answered asks the next one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
import msgspec

from contracts.envelope import HEADERS
from contracts.topics import DEFAULT_TENANT, REQUESTS, partition_of_start
from infra.boundaries import OUTSIDE
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.types import Record
from orchestrator.chaos.customers import Said
from orchestrator.chaos.starts import Start

PATIENCE_S: Final = 15.0
BY: Final = "chaos"


class Doors:
    """``sagas`` has what was answered to starts, (definition, key) -> ids, ``fates`` what was
    answered to signals, id -> applied or refused; ``wrong`` what must not be answered.
    """

    def __init__(
        self, urls: Sequence[str], token: str, broker: BrokerSettings, partitions: int
    ) -> None:
        self._urls = [*urls, ""]  # the last one is the topic
        self._partitions = partitions
        self._topic = broker.topic(REQUESTS)
        self._senders = TopicSenders(broker, client_id="chaos-load")
        headers = {"Authorization": f"Bearer {token}"}
        limits = httpx.Limits(max_connections=200)
        self._http = httpx.AsyncClient(
            headers=headers, timeout=PATIENCE_S, trust_env=False, limits=limits
        )
        self.sagas: dict[tuple[str, str], set[int]] = {}
        self.fates: dict[str, set[str]] = {}
        self.wrong: list[str] = []

    async def start(self, start: Start, door: int) -> bool:
        """Ask for a saga; whether it was taken."""
        url = self._urls[door % len(self._urls)]
        if not url:
            data = {"definition": start.definition, "input": start.input}
            return await self._publish(start, "saga.start", start.key, data)
        answer = await self._post(f"{url}/sagas/{start.definition}", start.key, start.input)
        if answer is None or answer.status_code >= 500:
            return False
        if answer.is_success:
            ids = self.sagas.setdefault((start.definition, start.key), set())
            ids.add(int(answer.json()["id"]))
        else:
            self.wrong.append(f"{start.definition} {start.key}: HTTP refused it: {answer.text}")
        return True

    async def tell(self, start: Start, said: Said, door: int) -> bool:
        """Tell a saga something that was taken; whether it was heard. One whose id nobody has
        answered is told by its key, on the topic.
        """
        url = self._urls[door % len(self._urls)]
        body = {"signal": said.signal, "reason": "chaos", "by": BY, "data": said.data}
        ids = self.sagas.get((start.definition, start.key))
        if not url or not ids:
            data = {**body, "definition": start.definition}
            return await self._publish(start, "saga.signal", said.id, data)
        answer = await self._post(f"{url}/sagas/{min(ids)}/signals", said.id, body)
        # 404: that process has not followed the log so far yet.
        if answer is None or answer.status_code >= 500 or answer.status_code == 404:
            return False
        if answer.is_success:
            self._note(said, answer.json()["outcome"])
        elif answer.status_code == 409:
            self._note(said, "refused")
        else:
            self.wrong.append(f"{start.definition} {said.id}: HTTP refused it: {answer.text}")
        return True

    async def close(self) -> None:
        """No more is asked."""
        await self._http.aclose()
        await self._senders.close()

    def _note(self, said: Said, outcome: str) -> None:
        if outcome in ("applied", "refused"):
            self.fates.setdefault(said.id, set()).add(outcome)

    async def _post(self, url: str, key: str, body: Mapping[str, object]) -> httpx.Response | None:
        try:
            return await self._http.post(url, json=body, headers={"Idempotency-Key": key})
        except httpx.HTTPError:
            return None

    async def _publish(
        self, start: Start, kind: str, identity: str, data: Mapping[str, object]
    ) -> bool:
        message: dict[str, Any] = {
            "specversion": "1.0",
            "id": identity,
            "source": "saga-chaos",
            "type": kind,
            "tenant": str(DEFAULT_TENANT),
            "requestkey": start.key,
            "data": data,
        }
        partition = partition_of_start(
            DEFAULT_TENANT, start.definition, start.key, self._partitions
        )
        record = Record(start.key.encode(), msgspec.json.encode(message), HEADERS)
        await self._senders.submit(self._topic, partition, [record], OUTSIDE)
        return True
