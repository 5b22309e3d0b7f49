"""No room on the disk under a running process: it stops acting, says so, and goes on when there is.

Real processes on real Kafka, asked over HTTP. Nothing is lost, and nothing is done twice (law 2).
"""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from infra.broker.settings import BrokerSettings
from orchestrator.sagalog.compare import differences
from tests.acceptance.conftest import Saga
from tests.integration.disk.room import Taken, filled, limited, small_disk
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

WAVE = 20
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


class Crew(NamedTuple):
    """An orchestrator with its API, and the services: of another process, or of its own."""

    owner: Saga
    rest: Saga


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    """Nobody runs yet, and nobody is left in the end."""
    with contextlib.ExitStack() as stack:
        commands = [Saga(tmp_path / name) for name in Crew._fields]
        for command in commands:
            command.folder.mkdir()
            stack.callback(command.close)
        yield Crew(*commands)


def health(saga: Saga) -> tuple[int, list[str]]:
    """What ``/health/ready`` answers: the status, and the reasons."""
    answer = httpx.get(f"{saga.url()}/health/ready", trust_env=False, timeout=10)
    body: dict[str, Any] = answer.json()
    return answer.status_code, body["reasons"]


def complains(saga: Saga, *words: str) -> bool:
    """Whether it is not ready, for a reason with these words."""
    status, reasons = health(saga)
    return status == 503 and any(all(word in reason for word in words) for reason in reasons)


def charges(crew: Crew) -> int:
    """How often somebody was charged."""
    with contextlib.closing(sqlite3.connect(crew.rest.data / "services" / "payment.db")) as db:
        return int(db.execute("SELECT count(*) FROM charges").fetchone()[0])


async def no_room(crew: Crew, broker: BrokerSettings, taken: Taken, *says: str) -> None:
    """Orders before, while there is no room, and after; it says which part has none."""
    async with front_door(broker) as door:
        await place(door, 0, WAVE)
        await until(lambda: ended(crew.owner) == WAVE, "the first orders end")
        with taken():
            await place(door, WAVE, WAVE)
            await until(lambda: complains(crew.owner, *says), f"it is not ready: {' '.join(says)}")
            before = charges(crew)
            await place(door, 2 * WAVE, WAVE)
            status, reasons = health(crew.owner)
            assert (status, charges(crew)) == (503, before), reasons
        await until(lambda: ended(crew.owner) == 3 * WAVE, "every order ends once there is room")
        await until(lambda: health(crew.owner) == (200, []), "it is ready again")


async def check(crew: Crew, broker: BrokerSettings, tmp_path: Path) -> None:
    """The topic, the file and the books of the services tell the same."""
    await told(broker, tmp_path / "after.db")
    assert not differences(crew.owner.data / "saga.db", tmp_path / "after.db")
    new = histories(tmp_path / "after.db")
    assert len(new) == 3 * WAVE
    check_books(crew.rest.data / "services", {saga: outcomes(new[saga]) for saga in new})


@pytest.mark.parametrize("how", ["tmpfs", "limit"])
async def test_an_orchestrator_without_room(
    crew: Crew, kafka_broker: BrokerSettings, tmp_path: Path, how: str
) -> None:
    """No command goes out while the file does not hold its transition."""
    env = environment_of(kafka_broker)
    with contextlib.ExitStack() as stack:
        if how == "tmpfs":
            stack.enter_context(small_disk(crew.owner.data))
        owner = crew.owner.spawn("orchestrator", "--port", "0", **env)
        stack.callback(crew.owner.close)
        crew.owner.until(crew.owner.ready, owner)
        services = crew.rest.spawn("service", *PARTICIPANTS, **env)
        taken: dict[str, Taken] = {
            "tmpfs": lambda: filled(crew.owner.data),
            "limit": lambda: limited(owner.pid),
        }
        said = {"tmpfs": "disk is full", "limit": "disk I/O error"}
        await no_room(crew, kafka_broker, taken[how], said[how])
        assert [crew.owner.stop(owner), crew.rest.stop(services)] == [0, 0]
        await check(crew, kafka_broker, tmp_path)


async def test_services_without_room_beside_an_orchestrator_that_has(
    crew: Crew, kafka_broker: BrokerSettings, tmp_path: Path
) -> None:
    """`saga up`: no reply goes out while their databases do not hold it; each says so."""
    both = Crew(crew.owner, crew.owner)
    with contextlib.ExitStack() as stack:
        stack.enter_context(small_disk(crew.owner.data / "services"))
        process = crew.owner.spawn(
            "up", "--port", "0", "--broker", kafka_broker.address, **environment_of(kafka_broker)
        )
        stack.callback(crew.owner.close)
        crew.owner.until(crew.owner.ready, process)
        folder = crew.owner.data / "services"
        await no_room(both, kafka_broker, lambda: filled(folder), "service product", "full")
        assert crew.owner.stop(process) == 0
        await check(both, kafka_broker, tmp_path)


async def test_a_process_of_services_without_room(
    crew: Crew, kafka_broker: BrokerSettings, tmp_path: Path
) -> None:
    """`saga service`: it has no API, so its log says it; the orchestrator waits for its replies."""
    env = environment_of(kafka_broker)
    with contextlib.ExitStack() as stack:
        stack.enter_context(small_disk(crew.rest.data))  # its log lies elsewhere
        owner = crew.owner.spawn("orchestrator", "--port", "0", **env)
        crew.owner.until(crew.owner.ready, owner)
        services = crew.rest.spawn("service", *PARTICIPANTS, **env)
        stack.callback(crew.rest.close)
        async with front_door(kafka_broker) as door:
            await place(door, 0, WAVE)
            await until(lambda: ended(crew.owner) == WAVE, "the first orders end")
            before = charges(crew)
            with filled(crew.rest.data):
                await place(door, WAVE, 2 * WAVE)
                await until(lambda: waiting(crew.owner) == 2 * WAVE, "the commands are out")
                await until(lambda: "nothing is acted on" in said(crew.rest), "its log says so")
                assert (health(crew.owner), charges(crew)) == ((200, []), before)
                assert services.poll() is None
            await until(
                lambda: ended(crew.owner) == 3 * WAVE, "every order ends when there is room"
            )
        assert [crew.owner.stop(owner), crew.rest.stop(services)] == [0, 0]
        await check(crew, kafka_broker, tmp_path)


def said(saga: Saga) -> str:
    """What its processes have logged."""
    return "".join(log.read_text("utf-8") for log in saga.folder.glob("service-*.log"))


def waiting(saga: Saga) -> int:
    """How many sagas wait for a reply."""
    with contextlib.closing(sqlite3.connect(saga.data / "saga.db")) as db:
        rows = db.execute("SELECT count(*) FROM sagas WHERE status = 'running'").fetchone()
    return int(rows[0])
