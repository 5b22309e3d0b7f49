"""The embedded broker's own: its life, and the limits that are stated where a user chooses it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.broker.probe import is_embedded
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import TopicPartition
from infra.embedded_broker import LIMITS, PARTITION_BYTES, EmbeddedBroker, EmbeddedBrokerError
from tests.broker_tools import DEADLINE_S, reading, sending
from tests.brokers import MakeTopics


async def test_it_starts_with_the_topics_and_partitions_chosen(embedded: EmbeddedBroker) -> None:
    """And with no others."""
    settings = BrokerSettings.local(embedded.start({"saga.log": 2, "order.events": 3}))
    assert await is_embedded(settings)
    assert await list_topics(settings) == {"saga.log": 2, "order.events": 3}
    embedded.create_topics({"late": 1})
    assert (await list_topics(settings))["late"] == 1


def test_a_topic_twice_is_told(embedded: EmbeddedBroker) -> None:
    """With librdkafka's reason, and the broker goes on."""
    address = embedded.start({"a": 1})
    with pytest.raises(EmbeddedBrokerError, match=r"topic a: .*exists"):
        embedded.create_topics({"a": 1})
    assert embedded.create_topics({"b": 1}) == address


def test_started_twice_is_refused(embedded: EmbeddedBroker) -> None:
    """One object, one broker."""
    embedded.start({})
    with pytest.raises(EmbeddedBrokerError, match="runs already"):
        embedded.start({})
    assert embedded.alive()


def test_stopped_it_is_gone_and_can_be_started_anew(embedded: EmbeddedBroker) -> None:
    """Stop waits for the process; a second stop is harmless."""
    embedded.start({})
    pid = embedded.pid
    assert pid is not None
    embedded.stop()
    embedded.stop()
    assert not embedded.alive() and embedded.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    embedded.start({})
    assert embedded.alive()


def test_a_broker_that_died_is_an_error_not_a_hang(embedded: EmbeddedBroker) -> None:
    """Killed from outside: the next request says so."""
    embedded.start({})
    assert embedded.pid is not None
    os.kill(embedded.pid, signal.SIGKILL)
    with pytest.raises(EmbeddedBrokerError, match="ended with code -9"):
        embedded.create_topics({"a": 1})
    assert not embedded.alive()


def test_it_dies_with_its_parent() -> None:
    """However the parent dies: here by SIGKILL, with no chance to clean up."""
    program = (
        "import sys, time; from infra.embedded_broker import EmbeddedBroker;"
        "b = EmbeddedBroker(); b.start({}); print(b.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        os.kill(child, 0)
        parent.kill()
    deadline = time.monotonic() + DEADLINE_S
    while is_alive(child):
        assert time.monotonic() < deadline, "it outlived its parent"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and that nobody reaps does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"


async def test_beyond_five_mebibytes_the_oldest_is_dropped(
    embedded_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """Why unread bytes are kept below MAX_UNREAD_BYTES; offsets still count on."""
    await make_topics(embedded_broker, {"a": 1})
    partition = TopicPartition(embedded_broker.topic("a"), 0)
    size, count = 500_000, 12
    async with sending(embedded_broker) as sender, reading(embedded_broker, partition) as consumer:
        for number in range(count):
            assert await sender.append(partition.topic, 0, [bytes(size)]) == number
        begin = (await consumer.beginning_offsets([partition]))[partition]
        assert 0 < begin <= count - PARTITION_BYTES // size + 1
        assert await consumer.end_offsets([partition]) == {partition: count}


def test_the_limits_are_said() -> None:
    """`saga up` prints them; each is a fact of DESIGN."""
    for word in ("memory only", "5 MiB", "one consumer a group", "no topics created"):
        assert word in LIMITS
