"""Is a broker there, and which one is it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import BrokerNotAvailableError, KafkaConnectionError, KafkaError

from infra.broker.clients import make_admin
from infra.broker.errors import BrokerUnreachable
from infra.broker.settings import BrokerSettings

EMBEDDED_CLUSTER_ID = "mockCluster"  # librdkafka: rd_kafka_mock_cluster_new
RETRY_S = 0.2


class BrokerFacts(NamedTuple):
    """What the cluster says about itself."""

    cluster_id: str
    brokers: int
    embedded: bool


async def wait_for_broker(
    settings: BrokerSettings,
    timeout_s: float = 10.0,
    *,
    on_retry: Callable[[str], None] | None = None,
) -> BrokerFacts:
    """Try until a broker answers; `on_retry` gets one message, at the first failure.

    Raises `BrokerUnreachable`, naming address, protocol and last reason, after `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            async with asyncio.timeout(max(RETRY_S, deadline - time.monotonic())):
                return await _ask(settings)
        except (KafkaError, OSError, TimeoutError) as error:
            message = _unreachable(settings, error)
            if time.monotonic() + RETRY_S >= deadline:
                raise BrokerUnreachable(message) from error
        if on_retry is not None:
            on_retry(message)
            on_retry = None
        await asyncio.sleep(RETRY_S)


async def is_embedded(settings: BrokerSettings) -> bool:
    """Whether the broker there is the embedded one, whoever started it; see its limits.

    Raises `BrokerUnreachable` when nothing answers."""
    return (await wait_for_broker(settings)).embedded


async def _ask(settings: BrokerSettings) -> BrokerFacts:
    admin = make_admin(settings)
    try:
        await _start(admin)
        cluster: dict[str, Any] = await admin.describe_cluster()
    finally:
        await admin.close()
    if not cluster["brokers"]:
        raise BrokerNotAvailableError("it starts still: no broker has registered")
    cluster_id = cast(str, cluster.get("cluster_id") or "")
    return BrokerFacts(
        cluster_id, len(cluster["brokers"]), cluster_id.startswith(EMBEDDED_CLUSTER_ID)
    )


async def _start(admin: AIOKafkaAdminClient) -> None:
    with _reasons() as reasons:
        try:
            await admin.start()
        except KafkaConnectionError as error:
            raise KafkaConnectionError("; ".join(reasons) or error) from error


def _unreachable(settings: BrokerSettings, error: BaseException) -> str:
    reason = str(error).removeprefix("KafkaConnectionError: ") or type(error).__name__
    return f"no Kafka broker answers at {settings.address} ({settings.security_protocol}): {reason}"


@contextlib.contextmanager
def _reasons() -> Iterator[list[str]]:
    """Why each address was of no use. aiokafka only logs that, as errors; we say it once."""
    found: list[str] = []

    def take(record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or not isinstance(record.args, tuple):
            return True
        if record.args and (reason := str(record.args[-1])) not in found:
            found.append(reason)
        return False

    log = logging.getLogger("aiokafka")
    log.addFilter(take)
    try:
        yield found
    finally:
        log.removeFilter(take)
