"""Makes every Kafka client of the product, with the options DESIGN found to be right.

Short backoffs and a short metadata age: with the defaults a client needs up to 13 s to come back
after its broker was killed (DESIGN, facts). A client is made inside the loop it will live in.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any, Literal, cast

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import InvalidRequestError

from infra.broker.errors import GroupTaken
from infra.broker.settings import BrokerSettings
from infra.broker.sizes import MAX_BATCH_BYTES
from infra.broker.types import Consumer, Producer, RebalanceListener, TopicPartition

RETRY_BACKOFF_MS = 50
METADATA_MAX_AGE_MS = 5_000
# An answer that was lost is waited for as long as this: whoever asked while the broker was away
# must not wait much longer once it is back. Only creating topics takes longer by right.
REQUEST_TIMEOUT_MS = 3_000
ADMIN_TIMEOUT_MS = 10_000
HEARTBEAT_MS = 1_000
# How long a fetch that finds nothing is held. What arrives ends it at once, so on Kafka a long wait
# costs no latency and spares 90 % of the idle CPU; the embedded broker holds back what arrives too.
FETCH_WAIT_MS = 100
EMBEDDED_FETCH_WAIT_MS = 10
# The embedded broker lets a new member in only a second before the last one's session would have
# ended, left or not, and later still for a static member: short sessions, no static membership.
EMBEDDED_SESSION_TIMEOUT_MS = 3_000
TURNS_TO_WRITE = 3  # of the loop: from a batch taken up to its bytes at the socket
# A partition with a long backlog is buffered up to this, twice (one fetch is ahead); a larger
# record comes all the same. With the default, 1 MiB, an orchestrator would buffer up to 50 MB.
PARTITION_FETCH_BYTES = 256 * 1024
BUILDER_BYTES = 2 * MAX_BATCH_BYTES  # the builder's own limit must never come first


# pylint: disable-next=too-many-arguments  # by keyword; each is a fact of DESIGN
def make_consumer(
    settings: BrokerSettings,
    topics: Iterable[str] = (),
    *,
    group_id: str | None = None,
    group_instance_id: str | None = None,
    listener: RebalanceListener | None = None,
    auto_offset_reset: Literal["earliest", "none"] = "earliest",
    isolation_level: Literal["read_committed", "read_uncommitted"] = "read_committed",
    max_poll_records: int | None = None,
    session_timeout_ms: int | None = None,
    client_id: str = "saga",
) -> Consumer:
    """A consumer, not started. With `topics` it subscribes in `group_id`; without, `assign` it.

    Topic names are taken as they are: call `settings.topic(name)` first. The range assignor makes
    one consumer on several topics co-partitioned. Nothing is committed by itself. A hand-assigned
    consumer that commits needs a group of its own. `group_instance_id` (static membership) must be
    unique, or two members evict each other for ever; on the embedded broker it is left out, since
    that has one member a group and no memory of it. Readers of the log pass
    `auto_offset_reset="none"` and `isolation_level="read_uncommitted"` (law 14: a gap is an error).
    """
    wait = EMBEDDED_FETCH_WAIT_MS if settings.embedded else FETCH_WAIT_MS
    session = EMBEDDED_SESSION_TIMEOUT_MS if settings.embedded else settings.session_timeout_ms
    session = session if session_timeout_ms is None else session_timeout_ms
    consumer = settings.clients.consumer(
        group_id=group_id,
        group_instance_id=None if settings.embedded else group_instance_id,
        client_id=client_id,
        auto_offset_reset=auto_offset_reset,
        isolation_level=isolation_level,
        enable_auto_commit=False,
        partition_assignment_strategy=(RangePartitionAssignor,),
        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
        fetch_max_wait_ms=wait,
        max_poll_records=max_poll_records,
        session_timeout_ms=session,
        heartbeat_interval_ms=min(HEARTBEAT_MS, session // 3),
        **_common(settings),
    )
    names = list(topics)
    if names:
        consumer.subscribe(names, listener=listener)
    else:
        consumer.assign([])  # getmany blocks for ever without any assignment
    return cast(Consumer, consumer)


async def start_consumer(settings: BrokerSettings, consumer: Consumer) -> None:
    """Start it; one that cannot start is closed again.

    Raises `GroupTaken` for a second member of a group on the embedded broker (its own answer there
    is an invalid request), else what aiokafka raises.
    """
    try:
        await consumer.start()
    except BaseException as error:
        await consumer.stop()
        if settings.embedded and InvalidRequestError.__name__ in str(error):
            raise GroupTaken() from error
        raise


def make_producer(settings: BrokerSettings, *, client_id: str = "saga") -> Producer:
    """An idempotent producer, not started, for `BatchSender`. Use separate ones for the log and for
    everything else; after an error on a partition make a new one (DESIGN, facts)."""
    producer = settings.clients.producer(
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        max_batch_size=BUILDER_BYTES,
        max_request_size=BUILDER_BYTES,
        linger_ms=0,
        **_common(settings),
    )
    return cast(Producer, producer)


def make_admin(settings: BrokerSettings, *, client_id: str = "saga-admin") -> AIOKafkaAdminClient:
    """An admin client, not started. It reports failures per topic inside the response: check each
    code (`infra.broker.topics` does)."""
    admin = settings.clients.admin(client_id=client_id, **_common(settings))
    return cast(AIOKafkaAdminClient, admin)


async def close_producer(producer: Producer, timeout_s: float = 2.0) -> None:
    """Stop a producer, at the latest after twice `timeout_s`: its own `stop` waits for ever for an
    acknowledgement that a dead broker will not give. A process has ten seconds for all it stops."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await producer.stop()
        return
    real = cast(Any, producer)
    await real.client.close()
    sender = real._sender.sender_task  # pylint: disable=protected-access  # no public way
    if sender is not None:
        sender.cancel()
        await asyncio.wait([sender], timeout=timeout_s)


async def on_its_way(producer: Producer, topic: str, partition: int) -> None:
    """Return when the batch of this partition was written to the socket; for crash points only:
    there is no public way, and it spins."""
    sender = cast(Any, producer)._sender  # pylint: disable=protected-access
    place = TopicPartition(topic, partition)
    muted = sender._muted_partitions  # pylint: disable=protected-access
    while place not in muted:  # noqa: ASYNC110  # it is the client's own and tells nobody
        await asyncio.sleep(0)
    for _ in range(TURNS_TO_WRITE):
        await asyncio.sleep(0)


def _common(settings: BrokerSettings) -> dict[str, Any]:
    return {
        "retry_backoff_ms": RETRY_BACKOFF_MS,
        "metadata_max_age_ms": METADATA_MAX_AGE_MS,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        **settings.client_options(),
    }
