"""A changed definition is deployed under load: two orchestrators on one real Kafka are restarted
with the new program one after the other, while sagas run and new ones start (DESIGN laws 1 and 14).
"""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import asyncio
import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from contracts.topics import DEFAULT_TENANT
from infra.broker.settings import BrokerSettings
from orchestrator.engine.evolve import evolve
from orchestrator.engine.rollouts import WHOLE, bucket
from orchestrator.engine.state import State
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.reader import Reader
from tests.acceptance.conftest import Saga
from tests.integration.deploy.shop import NEW, OLD, went_by
from tests.orders import (
    NAME,
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

ROOT: Final = Path(__file__).resolve().parents[3]
WAVE: Final = 16


class Team:
    """Two orchestrators and the services; a member is restarted with one program or the other."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.one, self.two = Saga(folder / "one"), Saga(folder / "two")
        self.rest = Saga(folder / "rest")
        self._env = {**env, "SAGA_APP_DIR": str(ROOT)}
        self._processes: dict[Saga, subprocess.Popen[str]] = {}

    async def start(self, member: Saga, program: str) -> None:
        """Start an orchestrator with this program; back when it is ready."""
        app = f"tests.integration.deploy.shop:{program}"
        process = member.spawn("orchestrator", "--port", "0", "--app", app, **self._env)
        self._processes[member] = process
        await asyncio.to_thread(member.until, member.ready, process)

    def serve(self) -> None:
        """Start the services."""
        self._processes[self.rest] = self.rest.spawn("service", *PARTICIPANTS, **self._env)

    async def replace(self, member: Saga, program: str) -> None:
        """End an orchestrator in order, and start it with another program in the same folder."""
        assert await asyncio.to_thread(member.stop, self._processes[member]) == 0
        await self.start(member, program)

    async def deploy(self, *words: str) -> Any:
        """`saga deploy ...` of the new program, at the first orchestrator."""
        app = ("--app", "tests.integration.deploy.shop:new") if words[0] == "rollout" else ()
        command = ("deploy", *words, *app, "--json")
        done = await asyncio.to_thread(self.one.run, *command, **self._env)
        assert done.code == 0, done
        return done.facts

    def stop(self) -> list[int]:
        """End all in order; their exit codes."""
        return [saga.stop(process) for saga, process in self._processes.items()]


@pytest.fixture
def team(tmp_path: Path, kafka_broker: BrokerSettings) -> Iterator[Team]:
    """Nobody runs yet; nobody is left in the end."""
    team = Team(tmp_path, environment_of(kafka_broker))
    with contextlib.ExitStack() as stack:
        for command in (team.one, team.two, team.rest):
            command.folder.mkdir()
            stack.callback(command.close)
        yield team


def in_log(member: Saga) -> int:
    """How many sagas this member's file knows."""
    return sum(counts(member).values())


def by_rule(share: int) -> dict[int, str]:
    """What each order gets while so many hundredths of a percent of new sagas get the new one."""
    tenant = DEFAULT_TENANT
    return {n: NEW if bucket(tenant, NAME, f"order-{n}") < share else OLD for n in range(5 * WAVE)}


def versions(file: Path) -> dict[int, str]:
    """The version of each order's saga; there is one for each, which its history tells too."""
    with Reader.open(file) as reader:
        rows = reader.list(DEFAULT_TENANT, limit=10_000)
        assert len({row.key for row in rows}) == len(rows)
        for row in rows:
            state: State | None = None
            for transition in reader.history(row.id):
                state = evolve(state, transition)
            assert state is not None
            assert (state.version, state.key, state.status) == (row.version, row.key, row.status)
            assert went_by(reader.history(row.id)) == row.version
        return {int(row.key.removeprefix("order-")): row.version for row in rows}


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_a_new_version_is_let_in_under_load(
    tmp_path: Path, kafka_broker: BrokerSettings, team: Team
) -> None:
    """Running sagas finish on their version, new ones get what the program or the rule says, and
    nothing is lost or done twice.
    """
    one, two = team.one, team.two
    await asyncio.gather(team.start(one, "old"), team.start(two, "old"))
    async with front_door(kafka_broker) as door:
        await place(door, 0, WAVE)  # no service runs: these are open during the whole update
        await until(lambda: in_log(one) == in_log(two) == WAVE, "both know the first wave")
        loading = asyncio.create_task(place(door, WAVE, WAVE))
        await team.replace(one, "new")
        await loading
        team.serve()
        await team.replace(two, "new")
        await until(lambda: in_log(one) >= 2 * WAVE, "the second wave has begun")
        await place(door, 2 * WAVE, WAVE)
        await until(lambda: in_log(one) == 3 * WAVE, "the third wave has begun")
        half = await team.deploy("rollout", NAME, "--percent", "50", "--base", OLD)
        assert (half["partitions"], half["pending"]) == ([0, 1], [])
        await place(door, 3 * WAVE, WAVE)
        await until(lambda: in_log(one) == 4 * WAVE, "the fourth wave has begun")
        back = await team.deploy("rollback", NAME)
        assert (back["rollout"]["share"], back["pending"]) == (0, [])
        await place(door, 4 * WAVE, WAVE)
        await until(lambda: ended(one) == ended(two) == 5 * WAVE, "both know every end")
    assert set(team.stop()) == {0}
    await told(kafka_broker, tmp_path / "after.db")
    for member in (one, two):
        await told(kafka_broker, member.data / "saga.db")  # what it has not followed to its end
        assert not differences(member.data / "saga.db", tmp_path / "after.db")
    got, half_new = versions(tmp_path / "after.db"), by_rule(WHOLE // 2)
    assert sorted(got) == list(range(5 * WAVE))
    assert {got[n] for n in range(WAVE)} == {OLD}
    assert {got[n] for n in range(2 * WAVE, 3 * WAVE)} == {NEW}
    fourth = range(3 * WAVE, 4 * WAVE)
    assert [got[n] for n in fourth] == [half_new[n] for n in fourth]
    assert {got[n] for n in fourth} == {OLD, NEW}
    assert {got[n] for n in range(4 * WAVE, 5 * WAVE)} == {OLD}
    stories = histories(tmp_path / "after.db")
    check_books(team.rest.data / "services", {saga: outcomes(stories[saga]) for saga in stories})
