"""Rebuild: a lost file is made again from the topic, the same row for row."""

from pathlib import Path

import pytest

from contracts.topics import saga_id
from orchestrator.replay.errors import FileInTheWay
from orchestrator.replay.rebuild import rebuild
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.errors import LogGap
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import failing_facts, order_states
from tests.integration.sagalog.topic import Owner, Topic


@pytest.fixture
def lost(tmp_path: Path):
    """A file and the topics it was written with, two partitions."""
    topics = [Topic(0), Topic(1)]
    with SagaLog.open(tmp_path / "lost.db") as log:
        for topic in topics:
            owner = Owner(topic, log, f"epoch-{topic.partition}")
            owner.define()
            for n in range(1, 30):
                saga = saga_id(n, topic.partition)
                owner.tell(order_states(saga, facts=failing_facts) if n % 2 else order_states(saga))
        yield log, topics


def values(topics: list[Topic]):
    """Records of both partitions, taking turns."""
    for pair in zip(*(topic.records() for topic in topics), strict=True):
        for topic, record in zip(topics, pair, strict=True):
            yield topic.partition, *record


@pytest.mark.parametrize("together", [1, 7, 2_000])
def test_row_for_row(lost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int):
    monkeypatch.setattr("orchestrator.replay.rebuild.TOGETHER", together)
    log, topics = lost
    topics[0].values.append(b"junk")
    topics[1].values.append(None)
    rebuilt = rebuild(tmp_path / "saga.db", values(topics))
    assert rebuilt.transitions == sum(len(list(log.suffix(p, 0))) - 1 for p in (0, 1))
    assert [(partition, offset) for partition, offset, _ in rebuilt.skipped] == [
        (topic.partition, len(topic.values) - 1) for topic in topics
    ]
    assert not differences(log.file, tmp_path / "saga.db")
    with SagaLog.open(tmp_path / "saga.db") as again:
        assert again.partitions() == log.partitions()
        assert list(again.suffix(1, 0)) == list(log.suffix(1, 0))


def test_a_file_that_is_there_is_not_replaced(lost):
    log, topics = lost
    with pytest.raises(FileInTheWay, match=r"lost\.db"):
        rebuild(log.file, values(topics))
    assert log.last_sequence(0) == 29


def test_an_interrupted_rebuild_leaves_no_file_and_is_begun_again(
    lost, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr("orchestrator.replay.rebuild.TOGETHER", 7)
    log, topics = lost

    def broken():
        yield from list(values(topics))[:40]
        yield 0, 999, b"{}"

    with pytest.raises(LogGap):
        rebuild(tmp_path / "saga.db", broken())
    assert not (tmp_path / "saga.db").exists()
    rebuild(tmp_path / "saga.db", values(topics))
    assert not differences(log.file, tmp_path / "saga.db")
    assert not list(tmp_path.glob("*.rebuilding*"))
