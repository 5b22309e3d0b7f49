"""The schema: the sum of its migrations, and as the rest of the code sees things."""

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from contracts.topics import partition_of_saga
from infra.datastore import NewerSchema
from orchestrator.sagalog.errors import LogConflict
from orchestrator.sagalog.lookups import SQL
from orchestrator.sagalog.store import SagaLog
from tests.databases import schema_of, schema_of_script
from tests.integration.sagalog.sagas import batch_of, order_states

SCHEMA = files("orchestrator.sagalog").joinpath("schema.sql").read_text(encoding="utf-8")


def test_the_schema_is_the_sum_of_the_migrations(log: SagaLog):
    with closing(sqlite3.connect(log.file)) as other:
        assert schema_of(other) == schema_of_script(SCHEMA)


def test_a_newer_schema_is_refused_and_nothing_changed(log: SagaLog, file: Path):
    log.close()
    other = sqlite3.connect(file)
    other.execute("PRAGMA user_version = 99")
    other.close()
    before = file.read_bytes()
    with pytest.raises(NewerSchema, match="99"):
        SagaLog.open(file)
    assert file.read_bytes() == before


def test_a_saga_is_in_the_partition_that_its_id_names(log: SagaLog):
    for saga in (1 << 10, 5 << 10 | 7, 9 << 10 | 1_023):
        log.commit(batch_of(order_states(saga)))
        row = log.saga(saga)
        assert row is not None
        assert row.partition == partition_of_saga(saga)


def test_ids_are_below_two_to_the_53(log: SagaLog):
    log.commit(batch_of(order_states(2**53 - 1)))
    assert log.saga(2**53 - 1) is not None
    with pytest.raises(LogConflict, match="CHECK"):
        log.commit(batch_of(order_states(2**53)))
    assert log.saga(2**53) is None


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("due", "sagas_to_wake"),
        ("next_wake", "sagas_to_wake"),
        ("open_sagas", "sagas_to_wake"),
        ("open_sagas", "sagas_without_wake"),
        ("last_saga", "sagas_of_partition"),
        ("transitions_from", "transitions_in_log"),
        ("list_sagas", "sagas_of_status"),
        ("owed", "sagas_to_wake"),
        ("counts", "tallies"),
        ("counts_of_tenant", "tallies"),
        ("counts_of_definitions", "tallies"),
        ("stalest", "sagas_without_wake"),
        ("sagas_by_key", "sqlite_autoindex_sagas_1"),
        ("wakeless", "sagas_without_wake"),
    ],
)
def test_what_a_runtime_asks_never_walks_all_sagas(log: SagaLog, statement: str, index: str):
    """By the planner's own word: the index is used, and no table is scanned without one."""
    names = ("partition", "tenant", "status", "definition", "after", "limit", "first", "end")
    named = dict.fromkeys(names, 1)
    text = SQL[statement]
    parameters = named if ":" in text else (1,) * text.count("?")
    with closing(sqlite3.connect(log.file)) as other:
        plan = [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]
    assert any(index in line for line in plan), plan
    assert not [line for line in plan if line in ("SCAN sagas", "SCAN transitions")], plan
