"""The log comes back, as an operator brings it back: the commands, real processes, real Kafka.

That open sagas go on at once, not after their timeouts, is in `test_refill`: here clocks are real.
"""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import asyncio
import contextlib
import hashlib
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from orchestrator.sagalog.compare import differences
from tests.acceptance.conftest import Done, Saga
from tests.brokers import unique_prefix
from tests.databases import schema_number
from tests.integration.replay.command import names
from tests.orders import (
    PARTICIPANTS,
    check_books,
    counts,
    ended,
    environment_of,
    front_door,
    histories,
    outcomes,
    place,
    told,
    until,
)

WAVE = 20
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


class Operator:
    """One data folder, and the commands on a broker."""

    def __init__(self, saga: Saga, broker: BrokerSettings) -> None:
        self.saga = saga
        self.on(broker)

    def on(self, broker: BrokerSettings) -> None:
        """From now on with this broker."""
        self.broker = broker
        self.env = environment_of(broker)

    @property
    def file(self) -> Path:
        """The saga log."""
        return self.saga.data / "saga.db"

    def run(self, *words: str) -> Done:
        """A command to its end."""
        return self.saga.run(*words, **self.env)

    def orchestrator(self) -> subprocess.Popen[str]:
        """One that is ready."""
        process = self.saga.spawn("orchestrator", "--port", "0", **self.env)
        self.saga.until(self.saga.ready, process)
        return process

    def services(self) -> subprocess.Popen[str]:
        """All of them."""
        return self.saga.spawn("service", *PARTICIPANTS, **self.env)

    async def orders(self, first: int) -> None:
        """Publish a wave of orders, and wait until they are in the log."""
        async with front_door(self.broker) as door:
            await place(door, first, WAVE)
        wanted = first + WAVE
        await until(lambda: sum(counts(self.saga).values()) == wanted, "they are in the log")

    async def all_end(self, count: int) -> None:
        """Wait until so many orders have ended."""
        await until(lambda: ended(self.saga) == count, "every order ends")


@pytest.fixture
def operator(tmp_path: Path, kafka_broker: BrokerSettings) -> Iterator[Operator]:
    """Nothing runs yet; nothing is left in the end."""
    saga = Saga(tmp_path)
    try:
        yield Operator(saga, kafka_broker)
    finally:
        saga.close()


def content(folder: Path) -> dict[str, str]:
    """What the file of the log holds; a reader leaves an empty WAL and its index beside it."""
    files = [file for file in folder.glob("saga.db*") if not file.name.endswith(("-wal", "-shm"))]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


async def agree(operator: Operator, count: int, after: Path) -> None:
    """The topic, the file and the books tell the same of so many orders."""
    await told(operator.broker, after)
    assert not differences(operator.file, after)
    new = histories(after)
    assert len(new) == count
    check_books(operator.saga.data / "services", {saga: outcomes(new[saga]) for saga in new})


async def test_a_lost_file_and_a_backup(operator: Operator, tmp_path: Path) -> None:
    """Rebuilt row for row; put back from a copy made under load, the topic fills the difference."""
    owner, services = operator.orchestrator(), operator.services()
    await operator.orders(0)
    loading = asyncio.create_task(operator.orders(WAVE))
    copy = tmp_path / "copy.db"
    done = await asyncio.to_thread(operator.run, "backup", str(copy))
    assert done.code == 0, done
    await loading
    await operator.all_end(2 * WAVE)
    assert operator.saga.stop(owner) == 0
    lost = shutil.move(operator.file, tmp_path / "lost.db")
    assert operator.run("replay", "rebuild").code == 0
    assert not differences(lost, operator.file)
    for name in names(operator.saga.data, "saga.db*"):
        (operator.saga.data / name).unlink()
    assert operator.run("backup", "restore", str(copy)).code == 0
    assert differences(lost, operator.file, 1)  # the copy has less
    owner = operator.orchestrator()
    await operator.orders(2 * WAVE)
    await operator.all_end(3 * WAVE)
    assert [operator.saga.stop(owner), operator.saga.stop(services)] == [0, 0]
    await agree(operator, 3 * WAVE, tmp_path / "after.db")


async def test_a_broker_that_has_lost_all(operator: Operator, tmp_path: Path) -> None:
    """Refused, nothing changed; refilled by the command; what was open goes on."""
    owner = operator.orchestrator()
    await operator.orders(0)  # no service runs: all of them wait
    assert operator.saga.stop(owner) == 0
    shutil.copy(operator.file, tmp_path / "lost.db")
    operator.on(operator.broker.model_copy(update={"topic_prefix": unique_prefix()}))
    before = content(operator.saga.data)
    operator.run("orchestrator", "--port", "0").is_a_mistake("`saga replay refill`")
    assert content(operator.saga.data) == before
    assert operator.run("replay", "refill").code == 0
    old, new = histories(tmp_path / "lost.db"), histories(operator.file)
    assert all(new[saga][: len(history)] == history for saga, history in old.items())
    services, owner = operator.services(), operator.orchestrator()
    await operator.all_end(WAVE)
    assert [operator.saga.stop(owner), operator.saga.stop(services)] == [0, 0]
    await agree(operator, WAVE, tmp_path / "after.db")


async def test_what_is_refused_and_changes_nothing(operator: Operator, tmp_path: Path) -> None:
    """A second process, a newer schema, a file of another cluster."""
    owner = operator.orchestrator()
    await operator.orders(0)
    operator.run("orchestrator", "--port", "0").is_a_mistake("in use by process", str(owner.pid))
    assert operator.saga.ready()
    assert operator.saga.stop(owner) == 0
    known = schema_number(operator.file)
    change(operator.file, 99)
    before = content(operator.saga.data)
    operator.run("orchestrator", "--port", "0").is_a_mistake("written by a newer version")
    assert content(operator.saga.data) == before
    change(operator.file, known)

    other = Operator(Saga(tmp_path / "other"), operator.broker.model_copy())
    other.saga.folder.mkdir()
    other.on(operator.broker.model_copy(update={"topic_prefix": unique_prefix()}))
    try:
        theirs = other.orchestrator()
        await other.orders(0)
        await other.orders(WAVE)
        assert other.saga.stop(theirs) == 0
    finally:
        other.saga.close()
    operator.on(other.broker)
    before = content(operator.saga.data)
    refused = operator.run("replay", "refill")
    refused.is_a_mistake("another log")
    assert content(operator.saga.data) == before
    operator.run("orchestrator", "--port", "0").is_a_mistake("another log")
    assert content(operator.saga.data) == before


def change(file: Path, schema: int) -> None:
    """Give the file another number of its schema."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute(f"PRAGMA user_version = {schema}")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
