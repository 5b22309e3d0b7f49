"""Is a broker there, and which one is it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

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

    Raises `BrokerUnreachable`, naming address, protocol and last reason, after `timeout_s`; that an
    attempt took too long is a reason only where there was no other.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + timeout_s
    reason = ""
    while True:
        reasons: list[str] = []
        try:
            with _taking(reasons):
                async with asyncio.timeout(max(RETRY_S, deadline - now())):
                    return await _ask(settings)
        except (KafkaError, OSError, TimeoutError) as error:
            reason = _reason(error, reasons) or reason
            message = _unreachable(settings, reason or "it took too long")
            if now() + RETRY_S >= deadline:
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
        await admin.start()
        cluster: dict[str, Any] = await admin.describe_cluster()
    finally:
        await admin.close()
    if not cluster["brokers"]:
        raise BrokerNotAvailableError("it starts still: no broker has registered")
    cluster_id = cast(str, cluster.get("cluster_id") or "")
    return BrokerFacts(
        cluster_id, len(cluster["brokers"]), cluster_id.startswith(EMBEDDED_CLUSTER_ID)
    )


def _reason(error: BaseException, logged: list[str]) -> str:
    """What was wrong; empty when all that is known is that time was up."""
    if logged and isinstance(error, KafkaConnectionError | TimeoutError):
        return "; ".join(logged)
    said = str(error).removeprefix("KafkaConnectionError: ")
    return said or ("" if isinstance(error, TimeoutError) else type(error).__name__)


def _unreachable(settings: BrokerSettings, reason: str) -> str:
    return f"no Kafka broker answers at {settings.address} ({settings.security_protocol}): {reason}"


@contextlib.contextmanager
def _taking(found: list[str]) -> Iterator[None]:
    """Why each address was of no use. aiokafka only logs that, as errors; we say it once."""

    def take(record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or not isinstance(record.args, tuple):
            return True
        if record.args and (reason := str(record.args[-1])) not in found:
            found.append(reason)
        return False

    log = logging.getLogger("aiokafka")
    log.addFilter(take)
    try:
        yield
    finally:
        log.removeFilter(take)
