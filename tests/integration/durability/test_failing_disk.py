"""The disk is full, or fails: nothing is written by halves, and it goes on when it can."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.datastore import MigrationFailed
from orchestrator.sagalog.errors import LogWriteFailed
from tests.integration.durability.batches import batch, held
from tests.integration.durability.connection import open_log
from tests.integration.durability.disk import Disk, Failure

BEFORE = 3


@pytest.fixture(name="disk")
def _disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that can fail."""
    disk = Disk(f"failing-{tmp_path.name}")
    yield disk
    disk.unregister()


@pytest.mark.parametrize("kind", ["full", "write", "sync"])
@pytest.mark.parametrize("checkpoint", [1_000, 1])
def test_it_fails_whole_and_goes_on(
    tmp_path: Path, disk: Disk, kind: Failure, checkpoint: int
) -> None:
    """At every operation of a commit in turn, and of a checkpoint; each is tried again."""
    file = tmp_path / "saga.db"
    log = open_log(file, disk, checkpoint=checkpoint)
    for number in range(1, BEFORE + 1):
        log.commit(batch(number))
    failed = 0
    for number in range(BEFORE + 1, BEFORE + 30):
        disk.fails, disk.after = kind, number - BEFORE - 1
        try:
            log.commit(batch(number))
        except LogWriteFailed:
            failed += 1
            facts = log.partition_facts(0)
            assert facts is not None and facts.seq == number - 1
            disk.fails = ""
            log.commit(batch(number))
        disk.fails = ""
        facts = log.partition_facts(0)
        assert facts is not None and facts.seq == number
    assert failed
    log.close()
    assert held(file) == BEFORE + 29


@pytest.mark.parametrize("kind", ["full", "write", "sync"])
def test_a_log_that_cannot_be_made_is_made_later(tmp_path: Path, disk: Disk, kind: Failure) -> None:
    """At every operation of the first start and the migration in turn."""
    failed = 0
    for after in range(200):
        file = tmp_path / f"{after}" / "saga.db"
        file.parent.mkdir()
        disk.fails, disk.after = kind, after
        try:
            log = open_log(file, disk)
        except (sqlite3.Error, MigrationFailed):
            failed += 1
            disk.fails = ""
            log = open_log(file, disk)
            log.commit(batch(1))
            log.close()
            assert held(file) == 1
            continue
        disk.fails = ""
        log.close()
        break
    assert failed
