"""Several orchestrators on one real Kafka while their owners are stopped, woken and killed under
load, by a seeded schedule (DESIGN law 9). Whoever wakes up changes nothing; whoever dies is
replaced; in the end every file is what the topic says, and the services did each effect once.
"""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import asyncio
import contextlib
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.topics import DEAD_LETTERS
from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import TopicPartition
from orchestrator.runtime.door import FrontDoor
from orchestrator.sagalog.compare import differences
from tests.acceptance.conftest import Saga
from tests.orders import (
    PARTICIPANTS,
    check_books,
    ended,
    environment_of,
    front_door,
    histories,
    outcomes,
    place,
    told,
    until,
)

WAVE = 12
PATIENCE_S = 240.0  # of a machine on which much else runs; on a quiet one each wait takes seconds
TROUBLES = int(os.environ.get("SAGA_TEST_OWNER_TROUBLES", "5"))
SEED = int(os.environ.get("SAGA_TEST_OWNER_SEED", "4"))


class Team:
    """Orchestrators and services, each with a folder of its own."""

    def __init__(self, folder: Path, size: int, env: dict[str, str]) -> None:
        self.members = [Saga(folder / f"orchestrator-{n}") for n in range(size)]
        self.rest = Saga(folder / "rest")
        self._env = env
        self._processes: dict[Saga, subprocess.Popen[str]] = {}

    async def begin(self) -> None:
        """Start the services and the orchestrators, until somebody is ready."""
        self._processes[self.rest] = self.rest.spawn("service", *PARTICIPANTS, **self._env)
        for member in self.members:
            self.start(member)
        await until(
            lambda: any(member.ready() for member in self.members), "somebody is ready", PATIENCE_S
        )

    def start(self, member: Saga) -> None:
        """Start an orchestrator in its folder."""
        self._processes[member] = member.spawn("orchestrator", "--port", "0", **self._env)

    def signal(self, member: Saga, number: int) -> None:
        """Signal a process of ours."""
        self._processes[member].send_signal(number)

    def kill(self, member: Saga) -> None:
        """End an orchestrator where it stands."""
        assert member.stop(self._processes[member], signal.SIGKILL) == -signal.SIGKILL

    def stop(self) -> list[int]:
        """End all in order; their exit codes."""
        return [saga.stop(process) for saga, process in self._processes.items()]


async def trouble(team: Team, chance: random.Random, door: FrontDoor, placed: int) -> str:
    """Stop an owner under load, let another replace it, and wake it up; or kill it, and start it
    again. What was done, for whoever reads why a run went wrong.
    """
    victim, what = chance.choice(team.members), chance.choice(("stop", "nap", "kill"))
    others = [member for member in team.members if member is not victim]
    before = max(map(ended, others))
    loading = asyncio.create_task(place(door, placed, WAVE))
    await asyncio.sleep(chance.uniform(0.0, 0.2))  # anywhere in the wave
    if what == "kill":
        team.kill(victim)
    else:
        team.signal(victim, signal.SIGSTOP)
    await loading
    if what == "nap":  # woken before anybody replaced it
        await asyncio.sleep(chance.uniform(0.0, 1.0))
    else:
        await until(
            lambda: max(map(ended, others)) >= before + WAVE,
            f"others go on after a {what}",
            PATIENCE_S,
        )
    if what == "kill":
        team.start(victim)
    else:
        team.signal(victim, signal.SIGCONT)
    return f"{what} {team.members.index(victim)}"


async def letters(broker: BrokerSettings) -> list[bytes | None]:
    """Everything in the dead letters."""
    topic = broker.topic(DEAD_LETTERS)
    places = [TopicPartition(topic, n) for n in range((await list_topics(broker))[topic])]
    consumer = make_consumer(broker)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        found = list[bytes | None]()
        while len(found) < sum(ends.values()):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [record.value for record in records]
        return found
    finally:
        await consumer.stop()


@pytest.fixture(params=[2, 3])
def team(
    request: pytest.FixtureRequest, tmp_path: Path, kafka_broker: BrokerSettings
) -> Iterator[Team]:
    """Nobody runs yet; nobody is left in the end, not even one that is stopped."""
    team = Team(tmp_path, request.param, environment_of(kafka_broker))
    with contextlib.ExitStack() as stack:
        for command in (*team.members, team.rest):
            command.folder.mkdir()
            stack.callback(command.close)
        yield team


@pytest.mark.kafka
@pytest.mark.timeout(900)
async def test_owners_come_and_go(tmp_path: Path, kafka_broker: BrokerSettings, team: Team) -> None:
    """Files, books and topic tell one story, and nothing became a dead letter."""
    chance, story, placed = random.Random(SEED), list[str](), 0
    await team.begin()
    async with front_door(kafka_broker) as door:
        for _ in range(TROUBLES):
            story.append(await trouble(team, chance, door, placed))
            placed += WAVE
        await until(
            lambda: all(ended(member) == placed for member in team.members),
            f"everybody knows every end after: {', '.join(story)}",
            PATIENCE_S,
        )
    assert not await letters(kafka_broker), story
    assert set(team.stop()) == {0}, story
    await told(kafka_broker, tmp_path / "after.db")
    for member in team.members:
        await told(kafka_broker, member.data / "saga.db")  # what it has not followed to its end
        assert not differences(member.data / "saga.db", tmp_path / "after.db"), story
    told_ = histories(tmp_path / "after.db")
    assert len(told_) == placed
    check_books(team.rest.data / "services", {saga: outcomes(told_[saga]) for saga in told_})
