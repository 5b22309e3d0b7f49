"""Orders on processes of their own: placed without any orchestrator, and compared in the end.

What the services did must be what the log says, each effect once (DESIGN laws 2 and 4), whatever
was stopped, cut or full meanwhile.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from contracts.topics import DEFAULT_TENANT, LOG
from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition
from infra.datastore import DatastoreError, open_database
from orchestrator.engine.facts import Refused, Succeeded, Transition
from orchestrator.runtime.door import FrontDoor
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.follow import Follower
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.store import SagaLog
from services import inventory, payment, product, shipping
from services.participant.effects import effects
from tests.acceptance.conftest import Saga

PARTITIONS = 2
PATIENCE_S = 60.0
NAME = "order-fulfillment"
USERS = (1, 3)  # of the seed: to the second one nothing can be shipped, so all is undone
PARTICIPANTS = {
    module.participant.name: module.participant
    for module in (product, payment, inventory, shipping)
}

Outcome = tuple[str, str, str]
"""Step, direction, and what became of it."""


async def until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition; fails when it is not in time."""
    deadline = time.monotonic() + patience_s
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


async def place(door: FrontDoor, first: int, count: int) -> None:
    """Publish orders; of their product there is enough for everybody."""
    await asyncio.gather(
        *(
            door.start(
                NAME,
                f"order-{n}",
                {"order_id": n, "user_id": USERS[n % 2], "product_id": 9, "quantity": 1},
            )
            for n in range(first, first + count)
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
        rows = reader.list(DEFAULT_TENANT, limit=10_000)
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


def environment_of(broker: BrokerSettings) -> dict[str, str]:
    """The settings that all processes share."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": broker.address,
        "KAFKA_TOPIC_PREFIX": broker.topic_prefix,
        "SAGA_GROUP": f"{broker.topic_prefix}orchestrator",
        "SAGA_PARTITIONS": str(PARTITIONS),
    }
