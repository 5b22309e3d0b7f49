"""An owner that is stopped under load (SIGSTOP), replaced, and woken: what it then writes counts
for nothing. Two orchestrators and the services are processes of their own, on real Kafka (law 9).
"""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from contracts.topics import DEFAULT_TENANT, LOG
from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition
from infra.datastore import DatastoreError, open_database
from orchestrator.engine.facts import Ignored, Refused, Succeeded, Transition
from orchestrator.runtime.door import FrontDoor
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.follow import Follower
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.store import SagaLog
from services import inventory, payment, product, shipping
from services.participant.effects import effects
from tests.acceptance.conftest import Saga

PARTITIONS = 2
WAVE = 40
PATIENCE_S = 60.0
NAME = "order-fulfillment"
USERS = (1, 3)  # of the seed: to the second one nothing can be shipped, so all is undone
PARTICIPANTS = {
    module.participant.name: module.participant
    for module in (product, payment, inventory, shipping)
}


Outcome = tuple[str, str, str]
"""Step, direction, and what became of it."""


class Team(NamedTuple):
    """Two orchestrators and the services, each with a folder of its own."""

    one: Saga
    two: Saga
    rest: Saga


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fails when it is not in time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        await asyncio.sleep(0.02)


def counts(saga: Saga) -> dict[str, int]:
    """The sagas of this process's file by their status; readable while the process is stopped."""
    with contextlib.suppress(SagaLogError, DatastoreError):
        reader = Reader.open(saga.data / "saga.db")
        try:
            return reader.counts()
        finally:
            reader.close()
    return {}


def ended(saga: Saga) -> int:
    """How many sagas have ended, as this process's file says."""
    found = counts(saga)
    return found.get("completed", 0) + found.get("failed", 0)


@contextlib.asynccontextmanager
async def front_door(broker: BrokerSettings) -> AsyncIterator[FrontDoor]:
    """Starts that no orchestrator has a hand in."""
    door = FrontDoor(broker, PARTITIONS)
    await door.open()
    try:
        yield door
    finally:
        await door.close()


async def place(door: FrontDoor, first: int) -> None:
    """Publish a wave of orders; of their product there is enough for everybody."""
    await asyncio.gather(
        *(
            door.start(
                NAME,
                f"order-{n}",
                {"order_id": n, "user_id": USERS[n % 2], "product_id": 9, "quantity": 1},
            )
            for n in range(first, first + WAVE)
        )
    )


async def told(broker: BrokerSettings, file: Path) -> list[str]:
    """Read the topic from where the file ends into it, by the reading rule and nothing else;
    why it skipped what it skipped.
    """
    consumer = make_consumer(broker)
    await consumer.start()
    skipped: list[str] = []
    try:
        with SagaLog.open(file) as log:
            follower = Follower(log)
            for partition in range(PARTITIONS):
                place_ = TopicPartition(broker.topic(LOG), partition)
                consumer.assign([place_])
                end = (await consumer.end_offsets([place_]))[place_]
                offset = follower.fold(partition).next_offset or 0
                consumer.seek(place_, offset)
                while offset < end:
                    for records in (await consumer.getmany(timeout_ms=500)).values():
                        found = follower.apply(partition, [(r.offset, r.value) for r in records])
                        skipped += [why for _, why in found.skipped]
                        offset = records[-1].offset + 1
    finally:
        await consumer.stop()
    return skipped


def histories(file: Path) -> dict[int, list[Transition]]:
    """Every transition of every saga."""
    reader = Reader.open(file)
    try:
        rows = reader.list(DEFAULT_TENANT, limit=1_000)
        return {row.id: reader.history(row.id) for row in rows}
    finally:
        reader.close()


def outcomes(history: list[Transition]) -> list[Outcome]:
    """Every definite outcome that the log tells of a saga, in order of step and direction."""
    return sorted(
        (fact.step, fact.direction, "succeeded" if isinstance(fact, Succeeded) else "refused")
        for transition in history
        for fact in transition.facts
        if isinstance(fact, (Succeeded, Refused))
    )


def check_books(folder: Path, log: dict[int, list[Outcome]]) -> None:
    """What the services did is what the log says, each effect once, and every book balances."""
    stored: dict[int, list[Outcome]] = {saga: [] for saga in log}
    for participant in PARTICIPANTS.values():
        with contextlib.closing(open_database(folder / participant.database, readonly=True)) as db:
            assert participant.books(db).balanced, participant.name
            for saga in log:
                stored[saga] += effects(db, DEFAULT_TENANT, saga)
    assert {saga: sorted(all_) for saga, all_ in stored.items()} == log
    wanted = Counter(outcome for all_ in log.values() for outcome in all_)
    with contextlib.closing(sqlite3.connect(folder / "payment.db")) as db:
        charges = db.execute("SELECT count(*), count(DISTINCT order_id) FROM charges").fetchone()
        refunds = db.execute("SELECT count(*) FROM refunds").fetchone()
    assert charges == (wanted["payment", "do", "succeeded"],) * 2
    assert refunds == (wanted["payment", "undo", "succeeded"],)


async def check_story(team: Team, broker: BrokerSettings, before: Path, after: Path) -> None:
    """What had happened before the stopped one woke up stands; everybody tells the same since."""
    skipped = await told(broker, after)
    assert any("is current" in why for why in skipped), "the woken one has written nothing"
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


def environment_of(broker: BrokerSettings) -> dict[str, str]:
    """The settings that all processes share."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": broker.address,
        "KAFKA_TOPIC_PREFIX": broker.topic_prefix,
        "SAGA_GROUP": f"{broker.topic_prefix}orchestrator",
        "SAGA_PARTITIONS": str(PARTITIONS),
    }


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
        await place(door, 0)
        await until(lambda: ended(one) > 0, "the first sagas end")
        loading = asyncio.create_task(place(door, WAVE))
        await until(lambda: sum(counts(one).values()) > WAVE, "the second wave begins")
        owner.send_signal(signal.SIGSTOP)
        await loading
        await place(door, 2 * WAVE)  # these wait in the sockets of the one that is stopped
        heir = two.spawn("orchestrator", "--port", "0", **env)
        await until(lambda: ended(two) == 3 * WAVE, "the other takes over and ends them all")
        assert ended(one) < 3 * WAVE
        await told(kafka_broker, tmp_path / "before.db")
        owner.send_signal(signal.SIGCONT)
        await place(door, 3 * WAVE)
        await until(lambda: ended(one) == ended(two) == 4 * WAVE, "both know every end")
    assert [one.stop(owner), two.stop(heir), rest.stop(services)] == [0, 0, 0]
    await check_story(team, kafka_broker, tmp_path / "before.db", tmp_path / "after.db")
