"""What lies on the broker when all is quiet: nothing unread, and no dead letters."""

from contracts.topics import DEAD_LETTERS
from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import KafkaError, TopicPartition


async def drained(broker: BrokerSettings, groups: dict[str, str]) -> bool:
    """Whether each group (-> its topic) has committed up to where the topic ends now."""
    try:
        counts = await list_topics(broker)
        for group, name in groups.items():
            topic = broker.topic(name)
            places = [TopicPartition(topic, p) for p in range(counts.get(topic, 0))]
            consumer = make_consumer(broker, group_id=broker.topic(group), client_id="chaos")
            await consumer.start()
            try:
                consumer.assign(places)
                ends = await consumer.end_offsets(places)
                for place in places:
                    if ends[place] > (await consumer.committed(place) or 0):
                        return False
            finally:
                await consumer.stop()
    except (KafkaError, OSError):
        return False
    return True


async def dead_letters(broker: BrokerSettings) -> int:
    """How many messages somebody could not read or answer; raises KafkaError."""
    topic = broker.topic(DEAD_LETTERS)
    count = (await list_topics(broker)).get(topic, 0)
    consumer = make_consumer(broker, client_id="chaos")
    await consumer.start()
    try:
        ends = await consumer.end_offsets([TopicPartition(topic, p) for p in range(count)])
    finally:
        await consumer.stop()
    return sum(ends.values())
