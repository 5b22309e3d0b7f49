"""How many sagas stand in each state, as the file keeps it: always what counting them would say."""

import sqlite3
from collections import Counter
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.topics import saga_id
from orchestrator.sagalog.errors import LogConflict
from orchestrator.sagalog.reader import OWED, Reader
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import (
    batch_of,
    failing_facts,
    order_states,
    stuck_facts,
)

FIRST = files("orchestrator.sagalog").joinpath("migrations/0001_saga_log.sql")


def counted(file: Path) -> Counter[tuple[str, str]]:
    """Every saga of the file, looked at."""
    with closing(sqlite3.connect(file)) as other:
        return Counter(other.execute("SELECT definition, status FROM sagas").fetchall())


def kept(file: Path) -> Counter[tuple[str, str]]:
    """What the file says without looking."""
    with Reader.open(file) as reader:
        found = reader.counts_of_definitions()
        totals = Counter[str]()
        for (_, status), count in found.items():
            totals[status] += count
        assert reader.counts() == +totals
        assert all(count >= 0 for count in found.values())
        return Counter({place: count for place, count in found.items() if count})


MOVES = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from("gfs"), st.integers(1, 7)), max_size=25
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, partition=st.integers(0, 1))
def test_whatever_is_written_the_tallies_are_right(
    log: SagaLog, moves: list[tuple[int, str, int]], partition: int
) -> None:
    """Sagas written as far as some transition, again and again, also backwards."""
    facts = {"g": {}, "f": {"facts": failing_facts}, "s": {"facts": stuck_facts}}
    kinds: dict[int, str] = {}
    try:
        for sequence, kind, far in moves:
            kind = kinds.setdefault(sequence, kind)
            told = order_states(saga_id(sequence, sequence % 2), **facts[kind])
            log.commit(batch_of(told[:far]))
            assert kept(log.file) == counted(log.file)
        log.forget(partition)
        assert kept(log.file) == counted(log.file)
    finally:
        log.forget(0)
        log.forget(1)
    assert not kept(log.file)


def test_a_transaction_that_fails_counts_nothing(log: SagaLog) -> None:
    log.commit(batch_of(order_states(saga_id(1, 0), key="k")[:1]))
    with pytest.raises(LogConflict):
        log.commit(batch_of(order_states(saga_id(2, 0), key="k")))
    assert kept(log.file) == counted(log.file) == {("order-fulfillment", "running"): 1}


def test_a_partition_that_is_set_aside_is_counted_where_it_is(log: SagaLog) -> None:
    log.commit(batch_of(order_states(saga_id(1, 0)), order_states(saga_id(2, 1))))
    aside = log.set_aside(0, 1_000, "for the test")
    for file in (log.file, aside):
        assert kept(file) == counted(file) == {("order-fulfillment", "completed"): 1}


def test_a_file_from_before_is_counted_once(log: SagaLog, tmp_path: Path) -> None:
    """The sagas of a file of the first schema, in the tallies of the second."""
    log.commit(batch_of(order_states(saga_id(1, 0)), order_states(saga_id(2, 0), tenant=2)[:1]))
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old, isolation_level=None)) as made:
        made.executescript(FIRST.read_text(encoding="utf-8"))
        made.execute("ATTACH ? AS newer", (str(log.file),))
        columns = "id, tenant, definition, version, key, status, number, wake_at, created_at"
        columns += ", updated_at, code, reason"
        made.execute(f"INSERT INTO sagas ({columns}) SELECT {columns} FROM newer.sagas")
        made.execute("PRAGMA user_version = 1")
    SagaLog.open(old).close()
    assert kept(old) == counted(old) == Counter({
        ("order-fulfillment", "completed"): 1,
        ("order-fulfillment", "running"): 1,
    })  # fmt: skip


def test_what_is_owed(log: SagaLog) -> None:
    """Sagas whose time has come; a backlog of any length is looked at up to a bound."""
    for sequence in range(1, 4):
        log.commit(batch_of(order_states(saga_id(sequence, 0), at=sequence * 1_000)[:1]))
    due = [row.wake_at or 0 for row in log.open_sagas(0)]
    with Reader.open(log.file) as reader:
        assert reader.owed(0, min(due) - 1) == (0, 0)
        assert reader.owed(0, min(due)) == (1, 0)
        assert reader.owed(0, max(due) + 500) == (3, max(due) - min(due) + 500)
        assert reader.owed(1, max(due)) == (0, 0)
        many = [order_states(saga_id(9 + n, 0), at=9_000)[:1] for n in range(OWED + 5)]
        log.commit(batch_of(*many))
        assert reader.owed(0, 60_000)[0] == OWED
