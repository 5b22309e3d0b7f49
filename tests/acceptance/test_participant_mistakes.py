"""A participant that cannot be run as it is: one line, exit code 2, before any broker is asked."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.conftest import Done, Saga

APPLICATION = """
import json
from pathlib import Path

from orchestrator.definition import Application
from services.participant import Participant


def load():
    return json.loads(Path("seed.json").read_text())


def sow(db, data):
    db.executemany("INSERT INTO things (thing) VALUES (?)", [(one["thing"],) for one in data])


keeper = Participant("keeper", package="keeping", seed=sow)
app = Application("small", sagas=(), services={"keeper": "small:keeper"}, seed="small:load")
"""
TABLE = "CREATE TABLE things (thing TEXT NOT NULL UNIQUE) STRICT;\n"


def write(folder: Path, *, seed: str = "{}", migration: str = TABLE) -> None:
    """An application with one participant, its seed data and its migration."""
    (folder / "small.py").write_text(APPLICATION, encoding="utf-8")
    (folder / "seed.json").write_text(seed, encoding="utf-8")
    migrations = folder / "keeping" / "migrations"
    migrations.mkdir(parents=True)
    (folder / "keeping" / "__init__.py").touch()
    (migrations / "__init__.py").touch()
    (migrations / "0001_things.sql").write_text(migration, encoding="utf-8")


def run(saga: Saga, port: int) -> Done:
    """Run the participant, with no broker anywhere."""
    return saga.run("service", "keeper", "--app", "small:app", "--broker", f"127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("seed", "says"),
    [
        ("no JSON", "JSONDecodeError"),
        (json.dumps({"keeper": [{"other": "x"}]}), "thing"),
        (json.dumps({"keeper": [{"thing": "x"}, {"thing": "x"}]}), "UNIQUE"),
    ],
)
def test_bad_seed_data(saga: Saga, unused_tcp_port: int, seed: str, says: str) -> None:
    write(saga.folder, seed=seed)
    run(saga, unused_tcp_port).is_a_mistake("seed data", says)


def test_a_migration_that_fails(saga: Saga, unused_tcp_port: int) -> None:
    write(saga.folder, migration="CREATE TABEL things (thing TEXT);\n")
    run(saga, unused_tcp_port).is_a_mistake("0001_things")


def test_a_database_newer_than_the_code(saga: Saga, unused_tcp_port: int) -> None:
    write(saga.folder)
    (saga.data / "services").mkdir(parents=True)
    with closing(sqlite3.connect(saga.data / "services" / "keeper.db")) as db:
        db.execute("PRAGMA user_version = 99")
    run(saga, unused_tcp_port).is_a_mistake("keeper.db", "99")


def test_a_wrong_setting(saga: Saga, unused_tcp_port: int) -> None:
    """Events must be remembered for longer than their topics keep them."""
    write(saga.folder)
    where = ("--app", "small:app", "--broker", f"127.0.0.1:{unused_tcp_port}")
    done = saga.run("service", "keeper", *where, SAGA_SERVICE_KEEP_DAYS="7")
    done.is_a_mistake("SAGA_SERVICE_KEEP_DAYS")


def test_tables_of_the_inbox_newer_than_the_code(saga: Saga, unused_tcp_port: int) -> None:
    """Refused before the migrations of the service change anything."""
    write(saga.folder)
    (saga.data / "services").mkdir(parents=True)
    with closing(sqlite3.connect(saga.data / "services" / "keeper.db")) as db:
        db.execute("CREATE TABLE schema_parts (part TEXT PRIMARY KEY, number INTEGER NOT NULL)")
        db.execute("INSERT INTO schema_parts VALUES ('inbox', 99)")
        db.commit()
        run(saga, unused_tcp_port).is_a_mistake("keeper.db", "schema 99 of inbox")
        assert db.execute("PRAGMA user_version").fetchone() == (0,)


def test_our_seed_file_with_a_mistake(saga: Saga, unused_tcp_port: int) -> None:
    text = (
        "from dataclasses import replace\nfrom pathlib import Path\nfrom sagas import app as ours\n"
        "from services import seed\nload = lambda: seed.load(Path('bad.json'))\n"
        "app = replace(ours, seed='shop:load')\n"
    )
    (saga.folder / "shop.py").write_text(text, encoding="utf-8")
    where = ("service", "payment", "--app", "shop:app", "--broker", f"127.0.0.1:{unused_tcp_port}")
    (saga.folder / "bad.json").write_text('{"payment": {"accounts": [{}]}}', encoding="utf-8")
    saga.run(*where).is_a_mistake("payment", "accounts.0")
    (saga.folder / "bad.json").write_text("no JSON", encoding="utf-8")
    saga.run(*where).is_a_mistake("bad.json")
