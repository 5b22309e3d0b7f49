"""Batches that say in their facts how far they went, and whether a file holds them whole."""

import sqlite3
from contextlib import closing
from pathlib import Path

from contracts.topics import saga_id
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import batch_of, order_states

SAGAS = 4
RECORDS = SAGAS * 5


def batch(number: int) -> Batch:
    """The ``number``-th batch, from 1: its sagas from start to end, and where that is."""
    first = (number - 1) * SAGAS
    sagas = [order_states(saga_id(n, 0)) for n in range(first + 1, first + SAGAS + 1)]
    made = batch_of(*sagas, first_offset=first * 5)
    made.keep(PartitionFacts(0, "log", "epoch", number, number * RECORDS - 1))
    return made


def held(file: Path) -> int:
    """How many batches a file holds, each whole; fails when anything is not as it must be."""
    with SagaLog.open(file) as log:
        facts = log.partition_facts(0)
        count = facts.seq if facts else 0
        assert log.last_sequence(0) == count * SAGAS
        assert [one.offset for one in log.suffix(0, 0)] == list(range(count * RECORDS))
        for n in range(1, count * SAGAS + 1):
            row = log.saga(saga_id(n, 0))
            assert row is not None and (row.status, row.number) == ("completed", 5)
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return count
