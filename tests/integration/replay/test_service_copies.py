"""The database of a service is copied while it is written, and put back where there is none."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from infra.datastore import open_database
from orchestrator.cli.main import run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "services").mkdir(parents=True)
    return folder


def sums(file: Path) -> list[tuple[int]]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute("SELECT amount FROM payments ORDER BY amount").fetchall()


def test_a_copy_is_one_moment_of_what_is_written(tmp_path: Path, data: Path) -> None:
    copy = tmp_path / "payment.copy"
    with closing(open_database(data / "services" / "payment.db")) as db:
        db.execute("CREATE TABLE payments (amount INTEGER NOT NULL)")
        db.execute("INSERT INTO payments VALUES (7)")
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO payments VALUES (8)")
        assert run(["backup", str(copy), "--service", "payment", "--data", str(data)]) == 0
        db.execute("COMMIT")
    assert sums(copy) == [(7,)]
    new = tmp_path / "new"
    assert run(["backup", "restore", str(copy), "--service", "payment", "--data", str(new)]) == 0
    assert sums(new / "services" / "payment.db") == [(7,)]


def test_nothing_is_replaced(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture) -> None:
    there = data / "services" / "payment.db"
    with closing(open_database(there)) as db:
        db.execute("CREATE TABLE payments (amount INTEGER NOT NULL)")
    copy = tmp_path / "payment.copy"
    assert run(["backup", str(copy), "--service", "payment", "--data", str(data)]) == 0
    assert run(["backup", "restore", str(copy), "--service", "payment", "--data", str(data)]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "says"), [("nobody", "is no database of a service"), ("../token", "no name")]
)
def test_what_is_no_service_is_refused(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture, name: str, says: str
) -> None:
    (data / "token").write_text("secret", "utf-8")
    copy = tmp_path / "copy"
    assert run(["backup", str(copy), "--service", name, "--data", str(data)]) == 2
    assert says in capsys.readouterr().err
    assert not copy.exists()
