"""What a participant forgets: what is old, settled, and can not be asked for again."""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.topics import saga_id
from infra.boundaries import OUTSIDE
from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from infra.datastore import migrate, open_database, transaction
from services.participant import inbox
from services.participant.batch import BatchHandler
from services.participant.retention import STEP, Retention
from services.participant.settings import DAY_MS, ServiceSettings
from tests.databases import schema_of, schema_of_script
from tests.unit.services.messages import NOW, Consumed, command, event, reply
from tests.unit.services.words import make_participant, words

KEPT = ServiceSettings(skew_ms=0, keep_days=30)


class Memory:
    """A participant's database, what may be forgotten of it, and the clock."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.clock = ManualClock(NOW)
        self.retention = Retention(KEPT.keep_ms)
        broker = BrokerSettings.local("127.0.0.1:1")
        self.handler = BatchHandler(make_participant(), db, broker, self.clock, KEPT)

    async def ask(self, sequence: int, partition: int = 0, **changes: object):
        """A command of that saga; its reply."""
        saga = str(saga_id(sequence, partition))
        deadline = str(self.clock.now_ms() + 1_000)
        raw = command("Note", {"word": saga}, saga=saga, deadline=deadline, **changes)
        outcome = await self.handler.handle([Consumed(raw, "test.commands")])
        self.retention.heard(outcome.oldest)
        return reply(outcome.outgoing[0].record.value)

    def forget(self) -> bool:
        """One step."""
        with transaction(self.db, OUTSIDE):
            return self.retention.step(self.db, self.clock.now_ms())

    def sagas(self) -> list[int]:
        """The sequences of the sagas that are remembered."""
        rows = self.db.execute("SELECT saga FROM inbox ORDER BY saga").fetchall()
        return [saga >> 10 for (saga,) in rows]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    db = open_database(tmp_path / "test.db")
    inbox.prepare(db)
    db.execute("CREATE TABLE words (word TEXT)")
    yield Memory(db)
    db.close()


def oldest(sequence: int, partition: int = 0) -> str:
    return str(saga_id(sequence, partition))


async def test_nothing_goes_before_its_time(memory: Memory):
    await memory.ask(1)
    memory.clock.advance(KEPT.keep_ms)
    await memory.ask(2, oldest=oldest(2))
    memory.forget()
    assert memory.sagas() == [1, 2]
    memory.clock.advance(1)
    memory.forget()
    assert memory.sagas() == [2]


async def test_what_an_open_saga_did_stays_however_old(memory: Memory):
    """It may wait for a person for a year: its undo must find what was done."""
    await memory.ask(1)
    await memory.ask(2)
    memory.clock.advance(365 * DAY_MS)
    await memory.ask(9, oldest=oldest(2))
    memory.forget()
    assert memory.sagas() == [2, 9]
    undone = await memory.ask(2, direction="undo", attempt=7, oldest=oldest(2))
    assert undone["type"] != "NothingUndone"


async def test_without_a_word_of_the_oldest_nothing_goes(memory: Memory):
    """An orchestrator that says nothing of it, and other partitions."""
    await memory.ask(1)
    await memory.ask(1, partition=3)
    memory.clock.advance(365 * DAY_MS)
    memory.forget()
    assert memory.sagas() == [1, 1]
    await memory.ask(8, partition=3, oldest=oldest(8, 3))
    memory.forget()
    assert memory.sagas() == [1, 8]


async def test_a_late_command_with_an_older_word_brings_nothing_back(memory: Memory):
    await memory.ask(5, oldest=oldest(5))
    await memory.ask(6, oldest=oldest(2))
    assert dict(memory.retention.known) == {0: saga_id(5, 0)}


async def test_tombstones_go_too_and_a_copy_that_comes_after_that_is_refused(memory: Memory):
    """It is past its deadline, and so does nothing although nobody remembers it."""
    late = str(NOW + 1_000)
    nothing = await memory.ask(1, direction="undo")
    assert nothing["outcome"] == "succeeded"
    memory.clock.advance(KEPT.keep_ms + 1)
    await memory.ask(2, oldest=oldest(2))
    memory.forget()
    assert memory.sagas() == [2]
    saga = str(saga_id(1, 0))
    raw = command("Note", {"word": "late"}, saga=saga, deadline=late)
    outcome = await memory.handler.handle([Consumed(raw, "test.commands")])
    assert outcome.counts["expired"] == 1
    assert words(memory.db) == 1


async def test_it_goes_in_small_steps(memory: Memory):
    rows = [(1, saga_id(n, 0), "s", "do", 1, "succeeded", "T", b"{}", 0) for n in range(1, 2_401)]
    with transaction(memory.db, OUTSIDE):
        memory.db.executemany("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        ids = [(str(n), "source", 0) for n in range(2_400)]
        memory.db.executemany("INSERT INTO seen_events VALUES (?, ?, ?)", ids)
    memory.retention.heard({0: saga_id(3_000, 0)})
    left = []
    while memory.forget():
        left.append(len(memory.sagas()))
    assert left == [2_400 - STEP, 2_400 - 2 * STEP]
    assert memory.sagas() == []
    assert memory.db.execute("SELECT count(*) FROM seen_events").fetchone() == (0,)


async def test_every_tenant_has_its_turn(memory: Memory):
    """Also behind one whose effects are all young, and behind old ones that stay."""
    old = [(3, saga_id(n, 0), "s", "do", 1, "succeeded", "T", b"{}", 0) for n in range(1, 1_501)]
    young = [(2, saga_id(n, 0), "s", "do", 1, "succeeded", "T", b"{}", NOW) for n in range(1_500)]
    with transaction(memory.db, OUTSIDE):
        rows = "INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        memory.db.executemany(rows, [*young, *old])
        memory.db.executemany(rows, [(1, saga_id(1, 7), *row[2:]) for row in old[:1]])
    memory.retention.heard({0: saga_id(2_000, 0)})
    while memory.forget():
        pass
    found = memory.db.execute("SELECT tenant, count(*) FROM inbox GROUP BY tenant").fetchall()
    assert found == [(1, 1), (2, 1_500)]


async def test_an_event_that_may_be_forgotten_is_not_taken_again(memory: Memory):
    """A refilled broker tells it once more, a year later: whether it was taken nobody knows."""
    told = event("Told", {"word": "x"}, time="2020-01-01T00:00:00Z")
    outcome = await memory.handler.handle([Consumed(told, "test.events")])
    assert outcome.counts["dead_letters"] == 1
    assert words(memory.db) == 0
    assert memory.db.execute("SELECT count(*) FROM seen_events").fetchone() == (0,)


def test_schema_is_the_sum_of_the_migrations(tmp_path: Path):
    db = open_database(tmp_path / "test.db")
    migrate(db, inbox.PACKAGE, OUTSIDE)
    script = (Path(inbox.__file__).parent / "schema.sql").read_text(encoding="utf-8")
    assert schema_of(db) == schema_of_script(script)
    db.close()
