"""Topics: created as law 2 and law 10 want them, refused where they are not, printed for others."""

import shlex
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from infra.broker.clients import make_admin
from infra.broker.errors import TopicError, TopicMismatch, TopicMissing, TopicTooWeak
from infra.broker.settings import BrokerSettings
from infra.broker.specs import TopicSpec, print_commands
from infra.broker.topics import ensure_topics, list_topics
from tests.brokers import MakeTopics


async def config_of(settings: BrokerSettings, topic: str) -> dict[str, str]:
    """The topic's configuration as the cluster tells it."""
    async with started(settings) as admin:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        answers: list[Any] = await admin.describe_configs([resource])
    return {entry[0]: entry[1] for entry in answers[0].resources[0][4]}


class started:  # pylint: disable=invalid-name  # reads as a context
    """An admin client, started and closed."""

    def __init__(self, settings: BrokerSettings) -> None:
        self._admin = make_admin(settings)

    async def __aenter__(self) -> AIOKafkaAdminClient:
        await self._admin.start()
        return self._admin

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()


async def test_missing_topics_are_created_once(kafka_broker: BrokerSettings) -> None:
    """The second time nothing is left to do."""
    specs = [
        TopicSpec(kafka_broker.topic("saga.log"), 8, durable=True),
        TopicSpec(kafka_broker.topic("saga.events"), 3, {"retention.ms": "60000"}),
    ]
    assert await ensure_topics(kafka_broker, specs) == [spec.name for spec in specs]
    assert await ensure_topics(kafka_broker, specs) == []
    found = await list_topics(kafka_broker)
    assert (found[specs[0].name], found[specs[1].name]) == (8, 3)


async def test_one_replica_flushes_every_record_and_keeps_it(kafka_broker: BrokerSettings) -> None:
    """Law 2's topic on a single node; another topic keeps what it was given, for so long."""
    log, events = kafka_broker.topic("saga.log"), kafka_broker.topic("saga.events")
    replies = kafka_broker.topic("saga.replies")
    specs = [
        TopicSpec(log, 1, durable=True),
        TopicSpec(events, 1, {"retention.ms": "60000"}, safe=True),
        TopicSpec(replies, 1),
    ]
    await ensure_topics(kafka_broker, specs)
    config = await config_of(kafka_broker, log)
    wanted = {"flush.messages": "1", "retention.ms": "-1", "retention.bytes": "-1"}
    assert {key: config[key] for key in wanted} == wanted
    config = await config_of(kafka_broker, events)
    assert (config["flush.messages"], config["retention.ms"]) == ("1", "60000")
    assert (await config_of(kafka_broker, replies))["flush.messages"] != "1"


async def test_other_partitions_are_refused_and_nothing_is_created(
    any_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """Partitions are fixed for life (law 10); the message names both numbers."""
    await make_topics(any_broker, {"saga.requests": 3})
    wrong, missing = any_broker.topic("saga.requests"), any_broker.topic("saga.replies")
    with pytest.raises(TopicMismatch, match=f"{wrong} has 3 partitions and must have 8"):
        await ensure_topics(any_broker, [TopicSpec(missing, 8), TopicSpec(wrong, 8)])
    assert missing not in await list_topics(any_broker)


async def test_without_creating_the_missing_are_named(any_broker: BrokerSettings) -> None:
    """`create=False` looks only; the embedded broker cannot create over the wire at all."""
    names = [any_broker.topic("x"), any_broker.topic("y")]
    with pytest.raises(TopicMissing, match=", ".join(names)):
        await ensure_topics(any_broker, [TopicSpec(name, 1) for name in names], create=False)
    assert not set(names) & (await list_topics(any_broker)).keys()


async def test_the_embedded_broker_is_not_asked_to_create(embedded_broker: BrokerSettings) -> None:
    """It says so, rather than springing up topics with four partitions."""
    with pytest.raises(TopicMissing, match="must be started with its topics"):
        await ensure_topics(embedded_broker, [TopicSpec("x", 1)])


async def test_a_log_that_may_lose_records_is_refused(kafka_broker: BrokerSettings) -> None:
    """Somebody created it by hand, with Kafka's defaults (law 2); a flag lets it pass."""
    name = kafka_broker.topic("saga.log")
    async with started(kafka_broker) as admin:
        await admin.create_topics([NewTopic(name, 1, 1)])
    spec = TopicSpec(name, 1, durable=True)
    with pytest.raises(TopicTooWeak) as refused:
        await ensure_topics(kafka_broker, [spec])
    assert name in str(refused.value)
    assert "flush.messages is not 1" in str(refused.value)
    assert "retention is limited" in str(refused.value)
    assert await ensure_topics(kafka_broker, [spec], allow_weak=True) == []


async def test_what_the_cluster_refuses_is_told_by_topic(kafka_broker: BrokerSettings) -> None:
    """aiokafka reports it inside the response only: three replicas on one node cannot be."""
    settings = kafka_broker.model_copy(update={"replication_factor": 3})
    name = kafka_broker.topic("a")
    with pytest.raises(TopicError, match=rf"{name}: .*[Rr]eplication"):
        await ensure_topics(settings, [TopicSpec(name, 1)])


async def test_the_printed_commands_say_what_would_be_created(kafka_broker: BrokerSettings) -> None:
    """For people without the right to create topics: replicated and single."""
    spec = TopicSpec("saga.log", 8, {"max.message.bytes": "2000000"}, durable=True)
    words = shlex.split(print_commands(kafka_broker, [spec], replicas=3))
    assert words[:4] == ["kafka-topics.sh", "--bootstrap-server", kafka_broker.address, "--create"]
    assert words[words.index("--partitions") + 1] == "8"
    assert words[words.index("--replication-factor") + 1] == "3"
    assert {"min.insync.replicas=2", "retention.ms=-1", "max.message.bytes=2000000"} <= set(words)
    assert "flush.messages=1" in print_commands(kafka_broker, [spec])
