"""A file that is set aside is whole under its new name, and the old name is free."""

import shutil
from pathlib import Path

import structlog

from contracts.topics import saga_id
from orchestrator.sagalog.aside import set_aside
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import batch_of, order_states

NOW = 1_700_000_000_000


def test_a_closed_file_keeps_everything_under_its_new_name(log: SagaLog, file: Path):
    log.commit(batch_of(order_states(saga_id(1, 0))))
    log.close()
    aside = set_aside(file, NOW, "of another log")
    assert aside == file.with_name("saga.db.aside-20231114T221320Z")
    assert not file.exists()
    with SagaLog.open(aside) as kept, SagaLog.open(file) as new:
        assert len(kept.load(saga_id(1, 0))) == 5
        assert new.load(saga_id(1, 0)) == []


def test_what_a_killed_process_left_in_the_wal_goes_with_it(log: SagaLog, file: Path, tmp_path):
    log.commit(batch_of(order_states(saga_id(1, 0))))
    killed = tmp_path / "killed.db"
    for part in ("", "-wal"):
        shutil.copy(f"{file}{part}", f"{killed}{part}")
    assert Path(f"{killed}-wal").stat().st_size > 0
    aside = set_aside(killed, NOW, "of another log")
    assert [path.name for path in tmp_path.glob("killed.db*") if "aside" not in path.name] == []
    assert Path(f"{aside}-wal").stat().st_size > 0
    with SagaLog.open(aside) as kept:
        assert len(kept.load(saga_id(1, 0))) == 5


def test_twice_in_the_same_second_keeps_both(file: Path):
    for content in (b"one", b"two"):
        file.write_bytes(content)
        set_aside(file, NOW, "why not")
    kept = sorted(file.parent.glob("saga.db.aside-*"))
    assert [path.read_bytes() for path in kept] == [b"one", b"two"]


def test_it_is_said(file: Path):
    file.write_bytes(b"x")
    with structlog.testing.capture_logs() as said:
        set_aside(file, NOW, "of another log")
    assert said[0]["why"] == "of another log"
    assert said[0]["kept_as"].endswith("Z")


def test_no_file_is_nothing_to_do(file: Path):
    assert set_aside(file, NOW, "why") is None
