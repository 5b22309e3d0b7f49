"""The brokers that tests run on: an embedded one each, one warm Apache Kafka for all.

A fixture gives `BrokerSettings` with a topic prefix of its own, so that no test sees another's
topics; name consumer groups through `settings.topic(...)` too.
"""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import os
import shutil
import socket
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from infra.broker.specs import TopicSpec
from infra.broker.topics import ensure_topics
from infra.embedded_broker import EmbeddedBroker
from infra.kafka import KafkaState, LocalKafka, Secured, is_fetched

KAFKA_ADDRESS = "SAGA_TEST_KAFKA"
START = "start"
INFRA = Path(__file__).resolve().parent.parent / "infra"
USERS = {"saga": "saga-secret", "other": "other-secret"}

MakeTopics = Callable[[BrokerSettings, Mapping[str, int]], Awaitable[None]]


def no_docker() -> str | None:
    """Why no container can be started, or None."""
    if shutil.which("docker") is None:
        return "no Docker: the docker command is not on PATH"
    # pylint: disable=import-outside-toplevel  # slow, and rarely needed
    import docker
    from docker.errors import DockerException

    try:
        with closing(docker.from_env(timeout=5)) as client:
            client.ping()
    except DockerException as error:
        return f"no Docker engine answers: {error}"
    return None


def no_local_kafka() -> str | None:
    """Why no Kafka of our own can be started, or None."""
    if shutil.which("java") is None:
        return "java is not installed"
    if is_fetched():
        return None
    if shutil.which("mvn") is None:
        return "mvn is not installed"
    if os.environ.get("CI") or os.environ.get(KAFKA_ADDRESS) == START:
        return None
    return f"Kafka is not fetched: run `saga kafka start` once, or set {KAFKA_ADDRESS}={START}"


def kafka_address() -> str:
    """HOST:PORT of the Kafka that the caller of the tests has running, or ""."""
    address = os.environ.get(KAFKA_ADDRESS, "")
    return "" if address == START else address


def no_kafka() -> str | None:
    """Why no real Kafka is to be had in any way, or None."""
    if kafka_address():
        return None
    local = no_local_kafka()
    if local is None:
        return None
    docker = no_docker()
    if docker is None:
        return None
    return f"no real Kafka: {KAFKA_ADDRESS}=HOST:PORT is not set; {local}; {docker}"


@pytest.fixture(scope="session")
def local_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaState]:
    """A Kafka of our own with TLS listeners too; ended with the session."""
    reason = no_local_kafka()
    if reason is not None:
        pytest.skip(reason)
    node = LocalKafka(tmp_path_factory.mktemp("kafka"), secured=Secured(USERS))
    try:
        yield node.start()
    finally:
        node.remove()


@pytest.fixture(scope="session")
def docker_kafka() -> Iterator[str]:
    """HOST:PORT of the Kafka of infra/compose.yaml in a container, by testcontainers."""
    reason = no_docker()
    if reason is not None:
        pytest.skip(reason)
    # pylint: disable-next=import-outside-toplevel  # slow, and rarely needed
    from testcontainers.compose import DockerCompose

    port = str(free_port())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA_PORT", port)
        with DockerCompose(INFRA, compose_file_name="compose.yaml", pull=True, wait=True):
            yield f"127.0.0.1:{port}"


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest) -> str:
    """HOST:PORT of a real Kafka: the caller's, else our own, else a container's, else a skip."""
    if kafka_address():
        return kafka_address()
    reason = no_kafka()
    if reason is not None:
        pytest.skip(reason)
    if no_local_kafka() is None:
        state: KafkaState = request.getfixturevalue("local_kafka")
        return state.bootstrap
    container: str = request.getfixturevalue("docker_kafka")
    return container


@pytest.fixture
def kafka_broker(kafka_bootstrap: str) -> BrokerSettings:
    """A real Kafka; topics of this test have their own prefix."""
    return BrokerSettings.local(kafka_bootstrap, topic_prefix=unique_prefix())


@pytest.fixture
def embedded() -> Iterator[EmbeddedBroker]:
    """An embedded broker for this test alone, not started."""
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture
def embedded_broker(embedded: EmbeddedBroker) -> BrokerSettings:
    """The embedded broker, started without topics."""
    return BrokerSettings.local(embedded.start({}), embedded=True, topic_prefix=unique_prefix())


@pytest.fixture(params=["embedded", "kafka"])
def any_broker(request: pytest.FixtureRequest) -> BrokerSettings:
    """Both brokers, one after the other (law 11)."""
    settings: BrokerSettings = request.getfixturevalue(f"{request.param}_broker")
    return settings


@pytest.fixture
def make_topics(request: pytest.FixtureRequest) -> MakeTopics:
    """`await make_topics(settings, {"saga.log": 2})`: create topics (names without the prefix)."""

    async def make(settings: BrokerSettings, topics: Mapping[str, int]) -> None:
        named = {settings.topic(name): partitions for name, partitions in topics.items()}
        if settings.embedded:
            broker: EmbeddedBroker = request.getfixturevalue("embedded")
            broker.create_topics(named)
        else:
            await ensure_topics(settings, [TopicSpec(*topic) for topic in named.items()])

    return make


def unique_prefix() -> str:
    """A topic prefix that nobody used before."""
    return f"t{uuid.uuid4().hex[:10]}."


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port
