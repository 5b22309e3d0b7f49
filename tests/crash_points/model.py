"""What must stand in every database in the end, whatever was killed meanwhile.

Three witnesses that know nothing of each other: the compensation table compiled from the definition
(pure), what the services store of every saga, and the rows of an undisturbed run of the same
orders. And the log's file must equal the file that is made from the topic, row for row.
"""

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from contracts.topics import DEFAULT_TENANT
from infra.broker.errors import BrokerError
from infra.broker.types import KafkaError
from infra.datastore import open_database
from orchestrator.cli.demo.check import judge
from orchestrator.cli.facts import happened
from orchestrator.definition.scenario import Case
from orchestrator.definition.table import Table, compensation_table
from orchestrator.replay.rebuild import rebuild
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.reader import Reader
from sagas.order_fulfillment import order_fulfillment
from services import inventory, orders, payment, product, shipping
from services.participant import Participant
from services.participant.effects import effects
from tests.crash_points.families import CHILD, disagreements
from tests.crash_points.stage import NAME, SAGAS, Direction, Stage

PARTICIPANTS = [m.participant for m in (product, payment, inventory, shipping, orders)]
FAILS: dict[Direction, tuple[str, ...]] = {"forward": (), "undo": ("payment",)}
# What differs between two runs of the same orders: when, and under which number in which order.
INCIDENTAL = {
    *("at", "restored_at", "created_at", "updated_at", "decided_at", "expected_delivery"),
    *("id", "charge"),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00")
TRIES = 5
NO_BUSINESS = {"inbox", "seen_events", "member", "sqlite_sequence"}

Rows = Mapping[str, list[tuple[object, ...]]]
"""Service and table -> its rows, sorted."""


@cache
def _table() -> Table:
    return compensation_table(order_fulfillment.definition)


async def check(stage: Stage, undisturbed: Rows | None, family: str = "plain") -> Rows:
    """Compare everything; raises AssertionError with all differences. Nothing of it may run."""
    sagas = disagreements(stage) if family == "kin" else _sagas(stage)
    idle = {"inventory"} if family == "kin" else set[str]()
    served = [one for one in PARTICIPANTS if one.name not in idle]
    wrong = [*sagas, *_twice(stage), *_books(stage, served)]
    found = business_rows(stage, served)
    if undisturbed is not None:
        wrong += _unlike(undisturbed, found)
    wrong += [f"topic and file: {one}" for one in await _against_the_topic(stage)]
    assert not wrong, "\n".join(wrong)
    return found


def _sagas(stage: Stage) -> Iterator[str]:
    """The log, and what every service stored of each saga, against the compensation table."""
    with Reader.open(stage.file) as reader:
        rows = [r for r in reader.list(DEFAULT_TENANT, limit=1_000) if r.definition == NAME]
        if len(rows) != SAGAS:
            yield f"{len(rows)} sagas, not {SAGAS}"
        for row in rows:
            case = Case(row.key, NAME, {}, FAILS[stage.direction])
            facts = happened(reader.history(row.id))
            stored = [
                one for db in _databases(stage) for one in effects(db, DEFAULT_TENANT, row.id)
            ]
            yield from (
                f"{row.key}: {one}" for one in judge(case, _table(), facts, stored).differences
            )


def _twice(stage: Stage) -> Iterator[str]:
    """No effect of any saga is stored twice, but for one that is done again in a new round."""
    for row in stage.rows():
        stored = [one for db in _databases(stage) for one in effects(db, DEFAULT_TENANT, row.id)]
        twice = [one for one in set(stored) if stored.count(one) > (row.definition == CHILD) + 1]
        if twice:
            yield f"{row.key}: stored twice are {sorted(twice)}"


def _databases(stage: Stage) -> Iterator[sqlite3.Connection]:
    for participant in PARTICIPANTS:
        file = stage.data / "services" / participant.database
        if file.exists():
            with contextlib.closing(open_database(file, readonly=True)) as db:
                yield db


def _books(stage: Stage, served: Sequence[Participant]) -> Iterator[str]:
    for participant in served:
        with contextlib.closing(_open(stage, participant.database)) as db:
            if not participant.books(db).balanced:
                yield f"the books of {participant.name} do not balance"
            found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                yield f"the database of {participant.name} is damaged: {found}"


def business_rows(stage: Stage, served: Sequence[Participant]) -> Rows:
    """Every row of every business table, without what differs from run to run."""
    found: dict[str, list[tuple[object, ...]]] = {}
    with Reader.open(stage.file) as reader:
        keys: dict[object, object] = {r.id: r.key for r in reader.list(DEFAULT_TENANT, limit=1_000)}
    for participant in served:
        with contextlib.closing(_open(stage, participant.database)) as db:
            names = "SELECT name FROM sqlite_master WHERE type = 'table'"
            for (table,) in db.execute(names).fetchall():
                if table not in NO_BUSINESS:
                    found[f"{participant.name}.{table}"] = _rows(db, table, keys)
    return found


def _rows(
    db: sqlite3.Connection, table: str, keys: Mapping[object, object]
) -> list[tuple[object, ...]]:
    cursor = db.execute(f"SELECT * FROM {table}")
    columns = [column[0] for column in cursor.description]
    rows: list[tuple[object, ...]] = []
    for row in cursor:
        named: dict[str, Any] = dict(zip(columns, row, strict=True))
        if table == "events" and _by_the_way(named):
            continue
        if table == "steps" and named["path"] == "receive":
            del named["round"], named["attempt"]  # told before the order was known, or not heard
        for name in INCIDENTAL & named.keys():
            named[name] = named[name] is None  # that there is one is not incidental
        if named.get("result"):
            named["result"] = TIME.sub("then", named["result"])
        if named.get("undone"):  # steps of one parallel are undone together, in any order
            named["undone"] = sorted(json.loads(named["undone"]))
        if "saga" in named:
            named["saga"] = keys.get(named["saga"], "no such saga")
        rows.append(tuple(named.values()))
    return sorted(rows, key=repr)


def _by_the_way(line: Mapping[str, Any]) -> bool:
    """Whether this line of an order's history depends on which of two topics was read first: its
    status in between, and a move that was told before the order was known.
    """
    first = '"phase":"sent"' in line["data"] and '"step":"receive"' in line["data"]
    return line["type"] == "status" or (line["type"] == "step" and first)


def _unlike(wanted: Rows, found: Rows) -> Iterator[str]:
    for table in sorted(wanted.keys() | found.keys()):
        if wanted.get(table) != found.get(table):
            yield (
                f"{table} holds {found.get(table)},"
                f" an undisturbed run leaves {wanted.get(table)}"
            )


async def _against_the_topic(stage: Stage) -> list[str]:
    again = stage.folder / "again.db"
    for _ in range(TRIES):
        with contextlib.suppress(BrokerError, KafkaError):  # it is asked by many, and may be late
            await rebuild(again, stage.broker)
            return differences(stage.file, again)
    return [f"it could not be read {TRIES} times"]


def _open(stage: Stage, database: str | Path) -> sqlite3.Connection:
    return open_database(stage.data / "services" / database, readonly=True)
