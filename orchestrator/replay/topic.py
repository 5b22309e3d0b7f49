"""The whole of ``saga.log``, read once: from its beginning to where it ends now."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from contracts.topics import LOG
from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import Consumer, TopicPartition
from orchestrator.replay.errors import NothingToReplay
from orchestrator.sagalog.errors import LogGap, UnreadableRecord
from orchestrator.sagalog.follow import Raw
from orchestrator.sagalog.records import Claim, decode_record

POLL_MS = 1_000


async def read_log(broker: BrokerSettings) -> AsyncGenerator[tuple[int, list[Raw]]]:
    """Records of every partition, each partition in order: (partition, [(offset, value), ...]).

    Belongs to no group and moves nothing on the broker. Raises NothingToReplay when there is no
    record at all, BrokerUnreachable, KafkaError.
    """
    topic = broker.topic(LOG)
    count = (await list_topics(broker)).get(topic, 0)
    ends: dict[TopicPartition, int] = {}
    if count:
        consumer = _reader(broker)
        await consumer.start()
        try:
            ends = await _begin(consumer, [TopicPartition(topic, p) for p in range(count)])
            async for tp, records in _read(consumer, dict(ends)):
                yield tp.partition, records
        finally:
            await consumer.stop()
    if not ends:
        raise NothingToReplay(f"no record stands on {topic} at {broker.address}")


def _reader(broker: BrokerSettings) -> Consumer:
    return make_consumer(
        broker,
        auto_offset_reset="none",
        isolation_level="read_uncommitted",
        client_id="saga-replay",
    )


async def _begin(consumer: Consumer, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Go to the first record of each partition; where those end that have any."""
    first = await consumer.beginning_offsets(tps)
    ends = await consumer.end_offsets(tps)
    consumer.assign(tps)
    for tp in tps:
        consumer.seek(tp, first[tp])
    return {tp: ends[tp] for tp in tps if first[tp] < ends[tp]}


async def _read(
    consumer: Consumer, ends: dict[TopicPartition, int]
) -> AsyncGenerator[tuple[TopicPartition, list[Raw]]]:
    """Until every partition was read up to its end; what is written meanwhile is left out."""
    while ends:
        for tp, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
            stop = ends.get(tp)
            if stop is None:
                continue
            yield tp, [(r.offset, r.value) for r in records if r.offset < stop]
            if records[-1].offset + 1 >= stop:
                ends.pop(tp, None)
                consumer.pause(tp)


async def names(broker: BrokerSettings) -> dict[int, str]:
    """The ids of the logs that the broker holds, by partition; raises LogGap, KafkaError."""
    found: dict[int, str] = {}
    async with aclosing(read_log(broker)) as topic:
        with suppress(NothingToReplay):
            async for partition, records in topic:
                found[partition] = found.get(partition) or name_of(partition, *records[0])
    return found


def name_of(partition: int, offset: int, raw: bytes | None) -> str:
    """The id of a log: its first record says it; raises LogGap when it does not."""
    try:
        head = decode_record(raw)
    except UnreadableRecord:
        head = None
    if not isinstance(head, Claim):
        raise LogGap(
            f"the log of partition {partition} begins at offset {offset} with no claim: what came"
            " before it is lost"
        )
    return head.log
