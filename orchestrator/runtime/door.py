"""The front door: starts, signals and repairs are published, as anybody may publish them (DESIGN
law 10).
"""

import asyncio
import contextlib
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from contracts.envelope import HEADERS
from contracts.topics import (
    DEFAULT_TENANT,
    REQUESTS,
    partition_of_saga,
    partition_of_start,
)
from infra.broker.batches import BatchSender
from infra.broker.clients import close_producer, make_producer
from infra.broker.errors import BrokerError
from infra.broker.settings import BrokerSettings
from infra.broker.types import Producer, Record
from orchestrator.runtime.boundaries import REQUEST
from orchestrator.runtime.errors import RuntimeFailure
from orchestrator.runtime.intake import MAX_INPUT_BYTES

SOURCE: Final = "front-door"
UNREAD_BYTES: Final = 3 * 1024 * 1024
OVERHEAD_BYTES: Final = 200
ROOM_POLL_S: Final = 0.005
_encode = msgspec.json.Encoder().encode


class TooLargeRequest(RuntimeFailure):
    """The request is larger than saga.requests takes."""


class FrontDoor:
    """Publishes requests and returns when the broker has acknowledged them.

    ``partitions`` is how many saga.requests has. With ``decided`` (up to which offset a partition's
    requests are decided) a publisher waits while too much is unread: the embedded broker drops
    what is not read in time. ``fresh_id`` makes the id of a request.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        partitions: int,
        decided: Callable[[int], int] | None = None,
        fresh_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._settings = settings
        self._topic = settings.topic(REQUESTS)
        self.partitions = partitions
        self._producer: Producer | None = None
        self._sender: BatchSender | None = None
        self._lock = asyncio.Lock()
        self._decided = decided
        self._fresh_id = fresh_id
        self._unread: dict[int, deque[tuple[int, int]]] = {}

    async def open(self) -> None:
        """Connect; raises KafkaError."""
        await self._connected()

    async def close(self) -> None:
        """Disconnect."""
        await self._replace(self._sender)

    async def start(
        self,
        definition: str,
        key: str,
        input: dict[str, Any],  # pylint: disable=redefined-builtin  # the field's name
        tenant: int = DEFAULT_TENANT,
        *,
        traceparent: str | None = None,
    ) -> None:
        """Ask for a saga; the same (tenant, definition, key) is the same saga.

        Raises TooLargeRequest, BrokerError.
        """
        data = {"definition": definition, "input": input}
        # A start is known by its key: whoever asks twice asks in two requests.
        message = self._message("saga.start", tenant, data, self._fresh_id())
        message["requestkey"] = key
        if traceparent:
            message["traceparent"] = traceparent
        partition = partition_of_start(tenant, definition, key, self.partitions)
        await self._publish(partition, key, message)

    async def signal(
        self,
        saga: int,
        signal: str,
        reason: str,
        by: str,
        tenant: int = DEFAULT_TENANT,
        *,
        request: str,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Tell a saga something, such as ``cancel``; the same ``request`` is the same signal.

        ``data`` are the fields of the signal's contract. Raises BrokerError.
        """
        body: dict[str, Any] = {"signal": signal, "reason": reason, "by": by}
        if data:
            body["data"] = data
        await self._about(saga, self._message("saga.signal", tenant, body, request))

    async def repair(
        self,
        saga: int,
        action: Literal["retry", "skip", "resume"],
        reason: str,
        by: str,
        step: str = "",
        tenant: int = DEFAULT_TENANT,
        *,
        request: str,
    ) -> None:
        """Ask for an operator's repair (DESIGN law 7); the same ``request`` is the same repair.

        Raises BrokerError.
        """
        data = {"action": action, "reason": reason, "by": by}
        if step:
            data["step"] = step
        await self._about(saga, self._message("saga.repair", tenant, data, request))

    async def move(
        self,
        saga: int,
        version: str,
        reason: str,
        by: str,
        tenant: int = DEFAULT_TENANT,
        *,
        request: str,
    ) -> None:
        """Ask for a saga to go on by another version; the same ``request`` is the same move.

        Raises BrokerError.
        """
        data = {"version": version, "reason": reason, "by": by}
        await self._about(saga, self._message("saga.move", tenant, data, request))

    async def define(
        self, definition: dict[str, Any], tenant: int = DEFAULT_TENANT, *, request: str
    ) -> None:
        """Have every partition know a definition; the same one again changes nothing.

        Raises TooLargeRequest, BrokerError; then some may know it.
        """
        await self._everywhere("saga.define", {"definition": definition}, tenant, request)

    async def roll_out(
        self, rule: Mapping[str, Any], tenant: int = DEFAULT_TENANT, *, request: str
    ) -> None:
        """Tell every partition which version new sagas get (``contracts.envelope.RolloutData``);
        the same ``request`` is the same rule.

        Raises TooLargeRequest, BrokerError; then some may have it, and asking again tells the rest.
        """
        await self._everywhere("saga.rollout", dict(rule), tenant, request)

    async def _everywhere(self, kind: str, data: dict[str, Any], tenant: int, request: str) -> None:
        message = self._message(kind, tenant, data, request)
        for partition in range(self.partitions):
            await self._publish(partition, request, message)

    async def _about(self, saga: int, message: dict[str, Any]) -> None:
        message["saga"] = str(saga)
        await self._publish(partition_of_saga(saga) % self.partitions, str(saga), message)

    def _message(
        self, kind: str, tenant: int, data: dict[str, Any], request: str
    ) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": request,
            "source": SOURCE,
            "type": kind,
            "tenant": str(tenant),
            "data": data,
        }

    async def _publish(self, partition: int, key: str, message: dict[str, Any]) -> None:
        value = _encode(message)
        if len(value) > MAX_INPUT_BYTES:
            raise TooLargeRequest(
                f"the request has {len(value)} bytes; at most {MAX_INPUT_BYTES} are taken"
            )
        record = Record(key.encode(), value, HEADERS)
        await self._room(partition)
        sender = await self._connected()
        try:
            offset = await sender.submit(self._topic, partition, [record], REQUEST)
            if self._decided is not None:
                self._unread.setdefault(partition, deque()).append((offset, len(value)))
        except BrokerError:
            await self._replace(sender)
            raise

    async def _room(self, partition: int) -> None:
        """Wait until what is unread of the partition leaves room for more."""
        unread = self._unread.get(partition)
        while self._decided is not None and unread:
            done = self._decided(partition)
            while unread and unread[0][0] < done:
                unread.popleft()
            if sum(size + OVERHEAD_BYTES for _, size in unread) < UNREAD_BYTES:
                return
            await asyncio.sleep(ROOM_POLL_S)

    async def _connected(self) -> BatchSender:
        if self._sender is not None:
            return self._sender
        async with self._lock:
            if self._sender is None:
                producer = make_producer(self._settings, client_id="saga-door")
                try:
                    await producer.start()
                except BaseException:
                    with contextlib.suppress(Exception):
                        await close_producer(producer)
                    raise
                self._producer, self._sender = producer, BatchSender(producer)
            return self._sender

    async def _replace(self, failed: BatchSender | None) -> None:
        if failed is None or self._sender is not failed:
            return
        producer, self._producer, self._sender = self._producer, None, None
        await failed.close()
        if producer is not None:
            await close_producer(producer)
