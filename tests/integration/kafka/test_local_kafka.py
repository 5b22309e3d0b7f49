"""A Kafka node of our own: found, stopped and started again by any process."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from infra.boundaries import OUTSIDE
from infra.broker.batches import BatchSender
from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.broker.specs import TopicSpec
from infra.broker.topics import ensure_topics, list_topics
from infra.broker.types import TopicPartition
from infra.kafka import FetchFailed, LocalKafka, ProgramMissing, StartFailed, fetch, is_fetched
from infra.kafka.artifacts import KAFKA_VERSION
from infra.kafka.ports import Ports
from infra.kafka.state import new_state, read_state, write_state
from tests.broker_tools import reading, records, sending, take
from tests.brokers import no_local_kafka

needs_kafka = pytest.mark.skipif(no_local_kafka() is not None, reason=str(no_local_kafka()))


@needs_kafka
async def test_the_life_of_a_node(tmp_path: Path) -> None:
    """Start, found by another object, append, crash, start on the same data and port, stop.

    Appends go on all the time, over the crash too: each gets the offset that it then has, none is
    lost, none is doubled (law 2).
    """
    node, other = LocalKafka(tmp_path / "node"), LocalKafka(tmp_path / "node")
    assert other.status() is None and other.stop() is False
    try:
        state = node.start()
        assert other.status() == state
        assert other.start() == state, "a running node is not started twice"
        settings = BrokerSettings.local(state.bootstrap)
        before = await wait_for_broker(settings)
        await ensure_topics(settings, [TopicSpec("saga.log", 2, durable=True)])
        async with sending(settings) as sender:
            enough = asyncio.Event()
            writing = asyncio.create_task(write_until(enough, sender))
            assert await sender.append("saga.log", 1, [b"up and running"]) == 0
            assert await asyncio.to_thread(other.stop, kill=True)
            again = await asyncio.to_thread(node.start)
            assert (again.bootstrap, again.pid != state.pid) == (state.bootstrap, True)
            enough.set()
            offsets = await writing
        assert (await wait_for_broker(settings)).cluster_id == before.cluster_id
        assert "unknown" not in await list_topics(settings), "no topic springs up"
        async with reading(settings, TopicPartition("saga.log", 0)) as consumer:
            read = await take(consumer, 2 * len(offsets))
        expected = [b"%d.%d" % (n, i) for n in range(len(offsets)) for i in (0, 1)]
        assert [r.value for r in read] == expected
        assert offsets == [r.offset for r in read[::2]]
        assert other.stop() is True
        assert node.status() is None
    finally:
        node.remove()
    assert not (tmp_path / "node").exists()


async def write_until(enough: asyncio.Event, sender: BatchSender) -> list[int]:
    """Append pairs until told, at least once after it; the base offset of each."""
    pending: list[asyncio.Future[int]] = []
    last = False
    while not last:
        last = enough.is_set()
        number = len(pending)
        pending.append(
            sender.submit("saga.log", 0, records(b"%d.0" % number, b"%d.1" % number), OUTSIDE)
        )
        await asyncio.sleep(0.001)
    return list(await asyncio.gather(*pending))


@needs_kafka
def test_a_node_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    """A heap that Java refuses; nothing is left running."""
    node = LocalKafka(tmp_path, heap="nonsense")
    with pytest.raises(StartFailed, match="Invalid maximum heap size"):
        node.start()
    assert node.status() is None


def test_a_process_id_that_went_to_somebody_else_is_not_killed(tmp_path: Path) -> None:
    """The state file names this very test process: not a node, so left alone."""
    write_state(new_state(os.getpid(), tmp_path, Ports(1, 2)))
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        assert LocalKafka(tmp_path).stop() is False
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not received


@pytest.mark.parametrize("text", ["", "{", '{"pid": 1}', "[]"])
def test_a_broken_state_file_is_no_node(tmp_path: Path, text: str) -> None:
    """Half written by a crash, or by an older version."""
    (tmp_path / "state.json").write_text(text)
    assert read_state(tmp_path) is None
    assert LocalKafka(tmp_path).status() is None


@pytest.mark.parametrize(("present", "missing"), [([], "mvn"), (["mvn"], "java")])
def test_a_missing_program_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: list[str], missing: str
) -> None:
    """One line that says what to install."""
    for name in present:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramMissing, match=f"`{missing}` is not installed: install .*Debian"):
        fetch(tmp_path / "cache")


def test_a_failed_fetch_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maven fails: its words, and no half cache."""
    for name, text in (("mvn", "echo no such artifact; exit 1"), ("java", "exit 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    with pytest.raises(FetchFailed, match="no such artifact"):
        fetch(tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
    assert not is_fetched(tmp_path / "cache")


def test_a_second_fetch_meets_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While this Maven works, another fetch finishes: both end with the same whole folder."""
    cache = tmp_path / "cache"
    jars = cache / f"kafka-{KAFKA_VERSION}"
    script = f"""#!/bin/sh
mkdir -p lib {jars} && touch lib/kafka_2.13-{KAFKA_VERSION}.jar {jars}/theirs.jar
"""
    for name, text in (("mvn", script), ("java", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    assert fetch(cache) == jars
    assert [path.name for path in jars.iterdir()] == ["theirs.jar"]
    assert [path.name for path in cache.iterdir()] == [jars.name]
