"""A partition that is set aside is whole in a file of its own, and gone from the log."""

import errno
import sqlite3
from pathlib import Path

import pytest
import structlog

from contracts.topics import saga_id
from orchestrator.definition.nodes import canonical
from orchestrator.sagalog.errors import LogWriteFailed
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import batch_of, order_states
from tests.integration.sagalog.topic import DEFINITION, VERSION

NOW = 1_700_000_000_000


@pytest.fixture
def two(log: SagaLog) -> SagaLog:
    """A log with two partitions."""
    for partition in (0, 3):
        batch = batch_of(
            *(order_states(saga_id(n, partition)) for n in range(1, 4)), first_offset=2
        )
        batch.define(partition, 1, VERSION, canonical(DEFINITION))
        batch.keep(PartitionFacts(partition, "log", "e", 16, 16, 4, NOW))
        log.commit(batch)
    return log


def everything(log: SagaLog, partition: int) -> tuple[object, ...]:
    """All that a log says of a partition."""
    sagas = [log.saga(saga_id(n, partition)) for n in range(1, 4)]
    return (*sagas, *log.suffix(partition, 0), log.partition_facts(partition))


def test_it_is_whole_in_its_file_and_gone_from_the_log(two: SagaLog, file: Path):
    mine, others = everything(two, 3), everything(two, 0)
    with structlog.testing.capture_logs() as said:
        aside = two.set_aside(3, NOW, "of another log")
    assert aside == file.with_name("saga.db.aside-p3-20231114T221320Z")
    assert everything(two, 0) == others
    assert everything(two, 3) == (None, None, None, None)
    with SagaLog.open(aside) as kept:
        assert everything(kept, 3) == mine
        assert kept.partition_facts(0) is None
    assert (said[0]["partition"], said[0]["why"]) == (3, "of another log")
    assert said[0]["kept_as"] == str(aside)


def test_the_log_goes_on_after_it(two: SagaLog):
    two.set_aside(3, NOW, "why not")
    two.commit(batch_of(order_states(saga_id(1, 3))))
    assert two.last_sequence(3) == 1


def test_twice_in_the_same_second_keeps_both(two: SagaLog):
    first = two.set_aside(3, NOW, "why not")
    two.commit(batch_of(order_states(saga_id(9, 3))))
    second = two.set_aside(3, NOW, "again")
    assert first != second
    with SagaLog.open(first) as kept, SagaLog.open(second) as again:
        assert (kept.last_sequence(3), again.last_sequence(3)) == (3, 9)


def test_when_it_cannot_be_kept_it_is_not_forgotten(two: SagaLog, monkeypatch):
    def full(*_: object) -> None:
        raise sqlite3.OperationalError(errno.ENOSPC, "database or disk is full")

    before = everything(two, 3)
    monkeypatch.setattr("orchestrator.sagalog.store.copy_partition", full)
    with pytest.raises(LogWriteFailed, match="full"):
        two.set_aside(3, NOW, "of another log")
    assert everything(two, 3) == before
    assert not list(two.file.parent.glob("*aside*"))
