"""An owner that is stopped under load (SIGSTOP), replaced, and woken: what it then writes counts
for nothing. Two orchestrators and the services are processes of their own, on real Kafka (law 9).
"""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.broker.settings import BrokerSettings
from orchestrator.engine.facts import Ignored
from orchestrator.sagalog.compare import differences
from tests.acceptance.conftest import Saga
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

WAVE = 40


class Team(NamedTuple):
    """Two orchestrators and the services, each with a folder of its own."""

    one: Saga
    two: Saga
    rest: Saga


async def check_story(team: Team, broker: BrokerSettings, before: Path, after: Path) -> None:
    """What had happened before the stopped one woke up stands; everybody tells the same since."""
    await told(broker, after)
    for command in (team.one, team.two):
        assert counts(command) == {"completed": 2 * WAVE, "failed": 2 * WAVE}
        await told(broker, command.data / "saga.db")  # what it has not followed to its end
        assert not differences(command.data / "saga.db", after)
    old, new = histories(before), histories(after)
    assert (len(old), len(new)) == (3 * WAVE, 4 * WAVE)
    for saga, history in old.items():
        assert new[saga][: len(history)] == history
        facts = [fact for transition in new[saga][len(history) :] for fact in transition.facts]
        assert all(isinstance(fact, Ignored) for fact in facts), facts
    check_books(team.rest.data / "services", {saga: outcomes(new[saga]) for saga in new})


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Nobody runs yet; nobody is left in the end, not even one that is stopped."""
    with contextlib.ExitStack() as stack:
        commands = [Saga(tmp_path / name) for name in Team._fields]
        for command in commands:
            command.folder.mkdir()
            stack.callback(command.close)
        yield Team(*commands)


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_a_stopped_owner_wakes_up_and_changes_nothing(
    tmp_path: Path, kafka_broker: BrokerSettings, team: Team
) -> None:
    """Both files and the services' books are what the topic says, and the topic says every effect
    once.
    """
    env = environment_of(kafka_broker)
    one, two, rest = team
    owner = one.spawn("orchestrator", "--port", "0", **env)
    one.until(one.ready, owner)
    services = rest.spawn("service", *PARTICIPANTS, **env)
    async with front_door(kafka_broker) as door:
        await place(door, 0, WAVE)
        await until(lambda: ended(one) > 0, "the first sagas end")
        loading = asyncio.create_task(place(door, WAVE, WAVE))
        await until(lambda: sum(counts(one).values()) > WAVE, "the second wave begins")
        owner.send_signal(signal.SIGSTOP)
        await loading
        await place(door, 2 * WAVE, WAVE)  # these wait in the sockets of the one that is stopped
        heir = two.spawn("orchestrator", "--port", "0", **env)
        await until(lambda: ended(two) == 3 * WAVE, "the other takes over and ends them all")
        assert ended(one) < 3 * WAVE
        await told(kafka_broker, tmp_path / "before.db")
        owner.send_signal(signal.SIGCONT)
        await place(door, 3 * WAVE, WAVE)
        await until(lambda: ended(one) == ended(two) == 4 * WAVE, "both know every end")
    assert [one.stop(owner), two.stop(heir), rest.stop(services)] == [0, 0, 0]
    await check_story(team, kafka_broker, tmp_path / "before.db", tmp_path / "after.db")
