"""Rebuild: a lost file is made again from the topic, the same row for row."""

import shutil
from pathlib import Path

import pytest

from contracts.topics import saga_id
from orchestrator.replay.errors import FileInTheWay
from orchestrator.replay.rebuild import rebuilding
from orchestrator.runtime.belonging import refuse_elsewhere
from orchestrator.runtime.errors import OtherLog
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.errors import LogGap
from orchestrator.sagalog.records import Claim
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import failing_facts, order_states
from tests.integration.sagalog.topic import Owner, Topic


@pytest.fixture(name="lost")
def _lost(tmp_path: Path):
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


def replay(file: Path, topics: list[Topic], together: int = 2_000):
    """Rebuild from these topics, partitions taking turns, so many records at a time."""
    with rebuilding(file, embedded=False) as made:
        for first in range(0, max(len(topic.values) for topic in topics), together):
            for topic in topics:
                made.take(topic.partition, topic.records()[first : first + together])
    return made


def with_a_gap(file: Path, topic: Topic):
    """Rebuild from a beginning and a record that cannot be the next one."""
    with rebuilding(file, embedded=False) as made:
        made.take(0, topic.records()[:40])
        made.take(0, [(999, b"{}")])


@pytest.mark.parametrize("together", [1, 7, 2_000])
def test_row_for_row(lost, tmp_path: Path, together: int):
    """However many records come at a time; junk is skipped."""
    log, topics = lost
    topics[0].values.append(b"junk")
    topics[1].values.append(None)
    made = replay(tmp_path / "saga.db", topics, together)
    assert made.transitions == sum(len(list(log.suffix(p, 0))) - 1 for p in (0, 1))
    assert sorted((partition, offset) for partition, offset, _ in made.skipped) == [
        (topic.partition, len(topic.values) - 1) for topic in topics
    ]
    assert not differences(log.file, tmp_path / "saga.db")
    with SagaLog.open(tmp_path / "saga.db") as again:
        assert again.partitions() == log.partitions()
        assert list(again.suffix(1, 0)) == list(log.suffix(1, 0))


def test_a_claim_that_named_another_log_second_is_skipped(lost, tmp_path: Path):
    """As the runtime skips it: two assignees found the topic empty."""
    log, topics = lost
    topics[0].append(Claim("log-2", "epoch-2", 1, "the second"))
    made = replay(tmp_path / "saga.db", topics)
    assert [(partition, offset) for partition, offset, _ in made.skipped] == [
        (0, len(topics[0].values) - 1)
    ]
    assert not differences(log.file, tmp_path / "saga.db")


def test_a_file_that_is_there_is_not_replaced(lost):
    log, topics = lost
    with pytest.raises(FileInTheWay, match=r"lost\.db"):
        replay(log.file, topics)
    assert log.last_sequence(0) == 29


def test_a_log_whose_beginning_is_gone_is_refused(lost, tmp_path: Path):
    _, topics = lost
    with (
        pytest.raises(LogGap, match="no claim"),
        rebuilding(tmp_path / "saga.db", embedded=False) as made,
    ):
        made.take(0, topics[0].records()[5:])
    assert not (tmp_path / "saga.db").exists()


def test_an_interrupted_rebuild_leaves_no_file_and_is_begun_again(lost, tmp_path: Path):
    """Here by transitions that are missing."""
    log, topics = lost
    with pytest.raises(LogGap):
        with_a_gap(tmp_path / "saga.db", topics[0])
    assert not list(tmp_path.glob("saga.db*"))
    replay(tmp_path / "saga.db", topics)
    assert not differences(log.file, tmp_path / "saga.db")
    assert not list(tmp_path.glob("*making*"))


def test_what_a_crash_left_beside_the_lost_file_is_not_read_into_the_new_one(lost, tmp_path: Path):
    """A WAL outlives the deleted database, and SQLite would apply it to whatever stands there."""
    log, topics = lost
    target = tmp_path / "saga.db"
    shutil.copy(log.file, target)
    shutil.copy(f"{log.file}-wal", f"{target}-wal")
    target.unlink()
    replay(target, topics)
    assert not Path(f"{target}-wal").exists()
    assert Path(f"{target}.lost-wal").exists()
    assert not differences(log.file, target)


@pytest.mark.parametrize("embedded", [False, True])
def test_the_file_belongs_to_the_broker_that_it_was_made_from(lost, tmp_path: Path, embedded: bool):
    """Else a start on the other kind would take it over, and carry out what is open in it."""
    with rebuilding(tmp_path / "saga.db", embedded=embedded) as made:
        made.take(0, lost[1][0].records())
    with SagaLog.open(tmp_path / "saga.db") as log:
        assert log.home() is embedded
        with pytest.raises(OtherLog, match="belongs to"):
            refuse_elsewhere(log, 2, embedded=not embedded, refill=False)
        refuse_elsewhere(log, 2, embedded=embedded, refill=False)
