"""What must not be touched is refused, or set aside whole; nothing else changes."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contracts.topics import LOG, saga_id
from infra.broker.settings import BrokerSettings
from infra.datastore import FolderInUse, NewerSchema
from infra.embedded_broker import EmbeddedBroker
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.belonging import refuse_elsewhere
from orchestrator.runtime.errors import OtherLog
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.store import SagaLog
from tests.brokers import MakeTopics
from tests.databases import schema_number
from tests.integration.replay.command import SagaCommand, names
from tests.integration.replay.load import WORK, mixed, run_mixed
from tests.integration.runtime.stage import (
    PARTITIONS,
    TOPICS,
    participant,
    read_all,
    running,
    settings,
)
from tests.integration.sagalog.sagas import batch_of, order_states
from tests.integration.sagalog.topic import Owner, Topic


def make_log(file: Path, sagas: int = 200) -> Path:
    """A saga log of two partitions in a file."""
    file.parent.mkdir(exist_ok=True)
    with SagaLog.open(file) as log:
        for partition in (0, 1):
            owner = Owner(Topic(partition), log, f"epoch-{partition}")
            owner.define()
            for n in range(1, sagas // 2 + 1):
                owner.tell(order_states(saga_id(n, partition)))
    return file


def change(file: Path, statement: str) -> None:
    """Change a database by hand."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(statement)


def spoil(file: Path) -> None:
    """Overwrite a page in the middle."""
    with file.open("r+b") as raw:
        raw.seek(file.stat().st_size // 2 // 4096 * 4096)
        raw.write(b"\xa5" * 4096)


def content(file: Path) -> str:
    """What a file holds, short."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


# --------------------------------------------------------------------------------- the commands


async def test_a_copy_replaces_no_file(
    folder: Path, tmp_path: Path, saga_command: SagaCommand
) -> None:
    make_log(folder / "saga.db")
    target = tmp_path / "letters.txt"
    target.write_text("dear aunt")
    assert await saga_command("backup", str(target)) == 2
    assert "letters.txt is there already" in saga_command.said
    assert target.read_text() == "dear aunt"
    assert not names(tmp_path, "*making*")


async def test_a_copy_into_no_folder(
    folder: Path, tmp_path: Path, saga_command: SagaCommand
) -> None:
    make_log(folder / "saga.db")
    assert await saga_command("backup", str(tmp_path / "none" / "copy.db")) == 2
    assert "cannot write in" in saga_command.said


async def test_a_folder_without_a_log_has_no_copy(
    tmp_path: Path, saga_command: SagaCommand
) -> None:
    assert await saga_command("backup", str(tmp_path / "copy.db")) == 2
    assert "is no saga log" in saga_command.said
    assert not names(tmp_path, "copy*")


async def test_a_damaged_log_gives_no_copy(
    folder: Path, tmp_path: Path, saga_command: SagaCommand
) -> None:
    """Better no copy than one that cannot be put back; the older copies are still there."""
    spoil(make_log(folder / "saga.db"))
    assert await saga_command("backup", str(tmp_path / "copy.db")) == 2
    assert "damaged" in saga_command.said
    assert not names(tmp_path, "copy*")


async def test_a_copy_is_put_back_as_it_was(
    folder: Path, tmp_path: Path, saga_command: SagaCommand
) -> None:
    """From a folder that nobody may write, too; and never over a log."""
    made = make_log(folder / "saga.db")
    (tmp_path / "shelf").mkdir()
    copy = tmp_path / "shelf" / "copy.db"
    assert await saga_command("backup", str(copy)) == 0
    before = content(copy)
    assert await saga_command("backup", "restore", str(copy)) == 2
    assert "saga.db is there already" in saga_command.said
    kept = made.rename(tmp_path / "kept.db")
    copy.parent.chmod(0o500)
    assert await saga_command("backup", "restore", str(copy)) == 0
    copy.parent.chmod(0o700)
    assert not differences(kept, folder / "saga.db")
    assert (content(copy), names(copy.parent, "*")) == (before, ["copy.db"])


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("PRAGMA user_version = 99", "written by a newer version"),
        ("DROP TABLE partitions", "no saga log"),
        ("DROP TABLE transitions", "no saga log"),
    ],
)
async def test_what_is_no_copy_of_ours_is_not_put_back(
    folder: Path, tmp_path: Path, saga_command: SagaCommand, statement: str, said: str
) -> None:
    copy = make_log(tmp_path / "copy.db")
    change(copy, statement)
    assert await saga_command("backup", "restore", str(copy)) == 2
    assert said in saga_command.said
    assert not names(folder, "saga.db*")


# ------------------------------------------------------------------------------ the orchestrator


async def test_a_second_process_on_the_folder_changes_nothing(
    any_broker: BrokerSettings, make_topics: MakeTopics, folder: Path, saga_command: SagaCommand
) -> None:
    await make_topics(any_broker, TOPICS)
    async with participant(any_broker, mixed) as work, running(any_broker, folder, WORK) as one:
        await run_mixed(one, work, 0, 6)
        before = one.reader.partitions()
        second = Orchestrator(settings(folder), any_broker, Catalogue([WORK]))
        with pytest.raises(FolderInUse, match="in use by process"):
            await second.start()
        copy = str(folder / "copy.db")
        assert await saga_command("backup", "restore", copy) == 2
        assert "in use by process" in saga_command.said
        assert one.health().ready
        await run_mixed(one, work, 6, 3)
        assert [p.epoch for p in one.reader.partitions()] == [p.epoch for p in before]


async def test_a_newer_schema_is_refused(
    any_broker: BrokerSettings, make_topics: MakeTopics, folder: Path
) -> None:
    await make_topics(any_broker, TOPICS)
    file = make_log(folder / "saga.db")
    known = schema_number(file)
    change(file, "PRAGMA user_version = 99")
    before = content(file)
    with pytest.raises(NewerSchema, match="newer version"):
        await Orchestrator(settings(folder), any_broker, Catalogue([WORK])).start()
    assert content(file) == before
    change(file, f"PRAGMA user_version = {known}")
    with SagaLog.open(file) as log:
        assert log.last_sequence(0) == 100


async def test_the_file_of_another_cluster_is_refused(folder: Path, tmp_path: Path) -> None:
    """Two clusters with a log each, and one's file under the other's orchestrator (ADR 0004)."""
    with EmbeddedBroker() as one, EmbeddedBroker() as other:
        mine = BrokerSettings.local(one.start(TOPICS), embedded=True)
        theirs = BrokerSettings.local(other.start(TOPICS), embedded=True)
        async with participant(mine, mixed) as work, running(mine, folder, WORK) as o:
            await run_mixed(o, work, 0, 12)
        async with participant(theirs, mixed) as work:
            async with running(theirs, tmp_path / "theirs", WORK) as o:
                await run_mixed(o, work, 0, 3)
            before, topic = content(folder / "saga.db"), len(await read_all(theirs, LOG))
            with pytest.raises(OtherLog, match="another log of partition 0"):
                await Orchestrator(settings(folder), theirs, Catalogue([WORK])).start()
            assert (content(folder / "saga.db"), len(await read_all(theirs, LOG))) == (
                before,
                topic,
            )
            assert not names(folder, "*aside*")


async def test_a_file_with_more_partitions_is_refused(
    embedded_broker: BrokerSettings, make_topics: MakeTopics, folder: Path
) -> None:
    """Its sagas in the others would stand still, and nobody would know."""
    await make_topics(embedded_broker, TOPICS)
    with SagaLog.open(make_log(folder / "saga.db")) as log:
        Owner(Topic(PARTITIONS), log, "epoch-beyond").define()
        before = log.partitions()
    with pytest.raises(OtherLog, match=f"sagas in partition {PARTITIONS}, and the number"):
        await Orchestrator(settings(folder), embedded_broker, Catalogue([WORK])).start()
    with SagaLog.open(folder / "saga.db") as log:
        assert (log.partitions(), log.home()) == (before, None)


async def test_an_embedded_broker_takes_no_file_of_a_cluster(
    embedded_broker: BrokerSettings, make_topics: MakeTopics, folder: Path
) -> None:
    """It would be filled with what belongs to the cluster, and go on with it."""
    await make_topics(embedded_broker, TOPICS)
    with SagaLog.open(make_log(folder / "saga.db")) as log:
        log.settle(False)
    with pytest.raises(OtherLog, match="belongs to a Kafka cluster, and this is an embedded"):
        await Orchestrator(settings(folder), embedded_broker, Catalogue([WORK])).start()


def test_a_cluster_takes_the_file_of_an_embedded_broker_when_told_so(tmp_path: Path) -> None:
    with SagaLog.open(make_log(tmp_path / "saga.db")) as log:
        log.settle(True)
        with pytest.raises(OtherLog, match="saga replay refill"):
            refuse_elsewhere(log, PARTITIONS, embedded=False, refill=False)
        refuse_elsewhere(log, PARTITIONS, embedded=False, refill=True)
        log.settle(False)
        refuse_elsewhere(log, PARTITIONS, embedded=False, refill=False)


def test_the_load_of_these_tests_is_what_the_store_takes(tmp_path: Path) -> None:
    """So that a refusal above is never one of a file that could not be used anyway."""
    with SagaLog.open(make_log(tmp_path / "saga.db", 20)) as log:
        log.commit(batch_of(order_states(saga_id(500, 0)), first_offset=900))
