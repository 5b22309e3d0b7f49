"""The Kafka of infra/compose.yaml, where a Docker engine is there."""

from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.broker.specs import TopicSpec
from infra.broker.topics import ensure_topics
from tests.broker_tools import sending
from tests.brokers import unique_prefix


async def test_the_composed_kafka_takes_the_log(docker_kafka: str) -> None:
    """The same configuration as our own node: no broker but Kafka's image differs."""
    settings = BrokerSettings.local(docker_kafka, topic_prefix=unique_prefix())
    assert not (await wait_for_broker(settings, 60)).embedded
    await ensure_topics(settings, [TopicSpec(settings.topic("saga.log"), 2, durable=True)])
    async with sending(settings) as sender:
        assert await sender.append(settings.topic("saga.log"), 1, [b"a", b"b"]) == 0
