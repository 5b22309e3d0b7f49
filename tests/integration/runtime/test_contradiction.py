"""A file that holds something else than the log says: one partition is read again from the topic,
and no other notices (DESIGN law 14).
"""

# pylint: disable=use-implicit-booleaness-not-comparison

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import DEFAULT_TENANT, REPLIES
from infra.broker.clients import close_producer, make_producer
from infra.broker.settings import BrokerSettings
from orchestrator.runtime import house
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.errors import LogWriteFailed
from orchestrator.sagalog.rows import SagaRow
from orchestrator.sagalog.store import SagaLog
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    PARTITIONS,
    TOPICS,
    Participant,
    eventually,
    participant,
    reply_to,
    running,
    saga,
    step,
    succeed,
)

WORK = saga(step("first"), step("second"))
COUNT = 12
LIE = '[["Ignored",{"why":"nobody ever decided this"}]]'


def hold(command: dict[str, Any]) -> dict[str, Any] | None:
    """The second step is not answered yet."""
    return None if command["step"] == "second" else succeed(command)


async def held(orchestrator: Orchestrator, work: Participant) -> dict[int, list[SagaRow]]:
    """Sagas that wait for their second step, by partition."""
    for number in range(COUNT):
        await orchestrator.door.start("work", f"key-{number}", {"order": number})
    await eventually(lambda: sum(c["step"] == "second" for c in work.commands) == COUNT)
    rows: dict[int, list[SagaRow]] = {p: [] for p in range(PARTITIONS)}
    for number in range(COUNT):
        row = orchestrator.reader.by_key(DEFAULT_TENANT, "work", f"key-{number}")
        assert row is not None
        rows[row.partition].append(row)
    assert all(rows.values())
    return rows


def lie(file: Path, row: SagaRow) -> None:
    """Write another next transition of this saga behind the orchestrator's back."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "INSERT INTO transitions (saga, number, at, input, facts, log_offset)"
            " VALUES (?, ?, 1, 'lie', ?, 900)",
            (row.id, row.number + 1, LIE),
        )
        connection.commit()


def lies(file: Path) -> list[tuple[int]]:
    """The sagas whose transitions are not what was decided."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT saga FROM transitions WHERE input = 'lie'").fetchall()


async def answer(broker: BrokerSettings, commands: Mapping[str, dict[str, Any]]) -> None:
    """Reply to all of these at once."""
    producer: Any = make_producer(broker)
    await producer.start()
    try:
        for command in commands.values():
            reply = json.dumps(reply_to(command, "succeeded", {})).encode()
            partition = command["replypartition"]
            await producer.send(broker.topic(REPLIES), reply, partition=partition)
    finally:
        await close_producer(producer)


def asides(folder: Path) -> list[Path]:
    """What was set aside."""
    return sorted(folder.glob("saga.db.aside-*"))


async def test_a_contradiction_costs_one_partition_its_file(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Every saga ends, the other partition keeps its epoch, and it is said what was done."""
    await make_topics(any_broker, TOPICS)
    folder = tmp_path / "one"
    async with running(any_broker, folder, WORK) as one, participant(any_broker, hold) as work:
        rows = await held(one, work)
        epochs = [p.own.epoch for p in one.partitions]
        lie(folder / "saga.db", rows[0][0])
        await answer(any_broker, {c["id"]: c for c in work.commands if c["step"] == "second"})
        await eventually(lambda: one.reader.counts() == {"completed": COUNT})
        await eventually(lambda: one.health().ready)
        assert one.partitions[0].own.epoch != epochs[0]
        assert one.partitions[1].own.epoch == epochs[1]
        assert lies(folder / "saga.db") == []
        (kept,) = asides(folder)
        assert lies(kept) == [(rows[0][0].id,)]
        (note,) = one.health().notes
        assert note.startswith(f"partition 0: set aside as {kept.name}")
        assert f"saga {rows[0][0].id} has another transition" in note
        work.behave = succeed
        await one.door.start("work", "key-new", {"order": 99})
        await eventually(lambda: one.reader.counts() == {"completed": COUNT + 1})
    async with running(any_broker, tmp_path / "two", WORK) as two:
        await eventually(lambda: two.reader.counts() == {"completed": COUNT + 1})
    assert differences(folder / "saga.db", tmp_path / "two" / "saga.db") == []


async def test_what_cannot_be_kept_is_not_forgotten(
    embedded_broker: BrokerSettings,
    make_topics: MakeTopics,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A disk with no room for the copy: that partition waits, the other one does not."""
    await make_topics(embedded_broker, TOPICS)
    monkeypatch.setattr(house, "RETRY_S", 0.02)
    async with (
        running(embedded_broker, tmp_path, WORK) as one,
        participant(embedded_broker, hold) as work,
    ):
        rows = await held(one, work)
        lie(tmp_path / "saga.db", rows[0][0])
        keep, tries = SagaLog.set_aside, 0

        def full(*_: object) -> Path:
            nonlocal tries
            tries += 1
            raise LogWriteFailed("database or disk is full")

        monkeypatch.setattr(SagaLog, "set_aside", full)
        await answer(embedded_broker, {c["id"]: c for c in work.commands if c["step"] == "second"})
        await eventually(lambda: tries > 3)
        await eventually(lambda: one.reader.counts().get("completed", 0) >= len(rows[1]))
        assert lies(tmp_path / "saga.db") == [(rows[0][0].id,)]
        assert any("disk is full" in reason for reason in one.health().reasons)
        monkeypatch.setattr(SagaLog, "set_aside", keep)
        await eventually(lambda: one.reader.counts() == {"completed": COUNT})
        await eventually(lambda: one.health().ready)
        assert len(asides(tmp_path)) == 1
