"""The broker's data is lost: refused, until somebody says that the file shall fill it again."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.topics import LOG
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime import claiming, decisions
from orchestrator.runtime.errors import LogLost, RuntimeFailure
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.compare import differences
from tests.broker_tools import sending
from tests.brokers import MakeTopics, unique_prefix
from tests.integration.replay.command import SagaCommand, names
from tests.integration.replay.load import WORK, mixed, run_mixed
from tests.integration.runtime.stage import (
    FACTS,
    PARTITIONS,
    TOPICS,
    events,
    eventually,
    participant,
    read_all,
    running,
    settings,
    succeed,
)

SAGAS = 60
FIRST = 150
"""Records that the first try of a refill appends: most of them."""
pytestmark = pytest.mark.kafka


@pytest.fixture(name="as_the_stage", autouse=True)
def _as_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's settings are those of the stage."""
    monkeypatch.setenv("SAGA_PARTITIONS", str(PARTITIONS))
    monkeypatch.setenv("SAGA_ALLOW_WEAK_LOG", "true")


@pytest.fixture(name="emptied")
async def _emptied(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, folder: Path, tmp_path: Path
) -> BrokerSettings:
    """A broker without anything (its topics are all new), and a file with sagas of every kind;
    a copy of it is in lost.db.
    """
    await make_topics(kafka_broker, TOPICS)
    async with participant(kafka_broker, mixed) as work, running(kafka_broker, folder, WORK) as o:
        await run_mixed(o, work, 0, SAGAS)
    shutil.copy(folder / "saga.db", tmp_path / "lost.db")
    empty = kafka_broker.model_copy(update={"topic_prefix": unique_prefix()})
    await make_topics(empty, TOPICS)
    return empty


async def goes_on(emptied: BrokerSettings, folder: Path) -> None:
    """Open sagas get the answer they wait for, at once: nobody waits for a timeout."""
    async with participant(emptied, succeed) as work, running(emptied, folder, WORK) as o:
        third = SAGAS // 3
        done = {"completed": 2 * third, "failed": third}
        await eventually(lambda: o.reader.counts() == done)
        assert {c["attempt"] for c in work.commands} == {1}
        assert not names(folder, "*aside*")


async def all_told(emptied: BrokerSettings) -> bool:
    """Whether everything that the lost broker told is told again."""
    return len({event["id"] for event in await events(emptied, FACTS)}) == SAGAS


async def test_refused_then_refilled(
    emptied: BrokerSettings, folder: Path, tmp_path: Path, saga_command: SagaCommand
) -> None:
    """Nothing is written to a broker that may be another one; the command makes it the one."""
    with pytest.raises(LogLost, match="`saga replay refill`"):
        await Orchestrator(settings(folder), emptied, Catalogue([WORK])).start()
    assert not await read_all(emptied, LOG)
    saga = saga_command.on(emptied)
    assert await saga("replay", "refill") == 0
    assert "now start the orchestrators" in saga.said
    assert not differences(tmp_path / "lost.db", folder / "saga.db")
    (folder / "saga.db").rename(tmp_path / "refilled.db")
    assert await saga("replay", "rebuild") == 0
    assert not differences(tmp_path / "lost.db", folder / "saga.db")
    await goes_on(emptied, folder)
    assert await all_told(emptied)


@pytest.fixture(name="budget")
def _budget(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many records refills may still append before they fail, in small runs."""
    left = [FIRST]
    again = decisions.Decisions.again

    def limited(run: decisions.Decisions, *held: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeFailure("the test says so")
        again(run, *held)  # type: ignore[arg-type]

    monkeypatch.setattr(decisions.Decisions, "again", limited)
    monkeypatch.setattr(decisions, "FULL_BYTES", 2_000)
    monkeypatch.setattr(claiming, "MAX_REFILLS", 1)
    return left


async def test_interrupted_it_goes_on_where_it_stopped(
    emptied: BrokerSettings,
    folder: Path,
    tmp_path: Path,
    saga_command: SagaCommand,
    budget: list[int],
) -> None:
    """What the first try appended nobody has sent: the second one does."""
    first = Orchestrator(settings(folder), emptied, Catalogue([WORK]), refill=True)
    await first.start()
    await eventually(lambda: budget[0] < 0)
    await first.kill()
    assert len(await read_all(emptied, LOG)) > PARTITIONS
    budget[0] = 1_000_000
    assert await saga_command.on(emptied)("replay", "refill") == 0
    assert 0 < 1_000_000 - budget[0] < FIRST  # not from the beginning
    assert not differences(tmp_path / "lost.db", folder / "saga.db")
    await goes_on(emptied, folder)
    assert await all_told(emptied)


async def test_without_a_file_there_is_nothing_to_refill_from(
    kafka_broker: BrokerSettings, saga_command: SagaCommand
) -> None:
    saga = saga_command.on(kafka_broker)
    assert await saga("replay", "refill") == 2
    assert "no saga log" in saga.said


async def keep_beginnings(old: BrokerSettings, new: BrokerSettings, share: float) -> None:
    """The log of one broker as another one has it that lost the end."""
    by_partition: dict[int, list[ConsumedRecord]] = {p: [] for p in range(PARTITIONS)}
    for record in await read_all(old, LOG):
        by_partition[record.partition].append(record)
    async with sending(new) as sender:
        for partition, found in by_partition.items():
            kept = [r.value or b"" for r in found[: int(len(found) * share)]]
            await sender.append(new.topic(LOG), partition, kept)


@pytest.mark.parametrize("share", [0.9, 0.3])
async def test_a_lost_tail_is_appended_without_asking(
    kafka_broker: BrokerSettings,
    emptied: BrokerSettings,
    folder: Path,
    tmp_path: Path,
    share: float,
) -> None:
    """The beginning shows that it is the right broker. What it had of commands is lost as well:
    every open saga's is sent again, whether or not the saga is in the part that was lost."""
    await keep_beginnings(kafka_broker, emptied, share)
    async with running(emptied, folder, WORK):
        pass
    assert not differences(tmp_path / "lost.db", folder / "saga.db")
    await goes_on(emptied, folder)


async def test_a_broker_with_another_log_is_not_refilled(
    emptied: BrokerSettings, folder: Path, tmp_path: Path, saga_command: SagaCommand
) -> None:
    """Somebody has begun a new one: the file stays where it is, and so does the topic."""
    async with running(emptied, tmp_path / "other", WORK):
        pass
    before = len(await read_all(emptied, LOG))
    assert await saga_command.on(emptied)("replay", "refill") == 2
    assert "holds another log in partition" in saga_command.said
    assert not differences(tmp_path / "lost.db", folder / "saga.db")
    assert not names(folder, "*aside*")
    assert len(await read_all(emptied, LOG)) == before
