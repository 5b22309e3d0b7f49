"""The file is lost, or everything since the backup: the topic has it (DESIGN law 14)."""

import asyncio
import shutil
from pathlib import Path

from infra.broker.settings import BrokerSettings
from orchestrator.sagalog.compare import differences
from tests.brokers import MakeTopics
from tests.integration.replay.command import SagaCommand, names
from tests.integration.replay.load import WORK, begin, mixed, run_mixed
from tests.integration.runtime.stage import TOPICS, eventually, participant, running


async def test_a_lost_file_is_rebuilt_row_for_row(
    any_broker: BrokerSettings,
    make_topics: MakeTopics,
    folder: Path,
    tmp_path: Path,
    saga_command: SagaCommand,
) -> None:
    """By the command, offline; refused while a process has the folder or a file is there."""
    await make_topics(any_broker, TOPICS)
    saga, file = saga_command.on(any_broker), folder / "saga.db"
    async with participant(any_broker, mixed) as work:
        async with running(any_broker, folder, WORK) as one:
            await run_mixed(one, work, 0, 30)
            assert await saga("replay", "rebuild") == 2
            assert "in use by process" in saga.said
        assert await saga("replay", "rebuild") == 2
        assert "saga.db is there already" in saga.said
        shutil.move(file, tmp_path / "lost.db")
        assert await saga("replay", "rebuild") == 0
        assert "10 completed, 10 failed, 10 running" in saga.said
        assert not differences(tmp_path / "lost.db", file)
        async with running(any_broker, folder, WORK) as again:
            assert not names(folder, "*aside*")
            await run_mixed(again, work, 30, 3)


async def test_a_broker_without_a_log_rebuilds_nothing(
    any_broker: BrokerSettings, make_topics: MakeTopics, folder: Path, saga_command: SagaCommand
) -> None:
    """An empty topic, and none at all."""
    saga = saga_command.on(any_broker)
    assert await saga("replay", "rebuild") == 2
    assert "no record stands on" in saga.said
    await make_topics(any_broker, TOPICS)
    assert await saga("replay", "rebuild") == 2
    assert "no record stands on" in saga.said
    assert not names(folder, "saga.db*")


async def test_everything_after_the_backup_comes_from_the_topic(
    any_broker: BrokerSettings,
    make_topics: MakeTopics,
    folder: Path,
    tmp_path: Path,
    saga_command: SagaCommand,
) -> None:
    """Copied under load; the folder is lost; what came after the copy is read from the topic."""
    await make_topics(any_broker, TOPICS)
    saga, file, copy = saga_command.on(any_broker), folder / "saga.db", tmp_path / "copy.db"
    async with participant(any_broker, mixed) as work:
        async with running(any_broker, folder, WORK) as one:
            await run_mixed(one, work, 0, 30)
            _, code = await asyncio.gather(begin(one, 30, 60), saga("backup", str(copy)))
            assert code == 0
            assert copy.stat().st_mode & 0o777 == 0o600
            await eventually(lambda: one.reader.counts().get("completed") == 30)
            await run_mixed(one, work, 90, 3)
        shutil.copy(file, tmp_path / "lost.db")
        shutil.rmtree(folder)
        assert await saga("backup", "restore", str(copy)) == 0
        assert len(differences(tmp_path / "lost.db", file, 1)) == 1
        async with running(any_broker, folder, WORK) as again:
            await eventually(lambda: again.reader.counts().get("completed") == 31)
            assert not differences(tmp_path / "lost.db", file)
            assert not names(folder, "*aside*")
            await run_mixed(again, work, 93, 3)
