"""The power of the whole machine goes under load: broker, orchestrator and services at once.

Of Kafka what was not synced is gone; of the databases what was being written is torn. What was
acted on stands in a synced log and a synced file (law 2), and either repairs the other (law 14).
"""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import asyncio
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from contracts.orders import ORDER_EVENTS
from contracts.topics import LOG, REPLIES, REQUESTS
from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.store import SagaLog
from tests.broker_tools import reading
from tests.brokers import no_local_kafka
from tests.integration.power import databases, segments
from tests.integration.power.machine import Machine
from tests.orders import (
    PARTICIPANTS,
    PARTITIONS,
    check_books,
    counts,
    ended,
    front_door,
    histories,
    outcomes,
    place,
    told,
    until,
)

WAVE = 60
ENOUGH = 25
COMMANDS = [f"{name}.commands" for name in PARTICIPANTS]
WHY = no_local_kafka()
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(300),
    pytest.mark.skipif(WHY is not None, reason=f"no node of its own: {WHY}"),
]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine that is off."""
    made = Machine(tmp_path)
    try:
        yield made
    finally:
        made.remove()


class Kept(NamedTuple):
    """The shares of its batches that each topic still has after a power cut.

    Less than all of the log: the disk had not synced what it said it had, or the topic is weak.
    """

    log: float
    requests: float
    unsynced: float  # replies and commands
    offsets: float

    def cut(self, machine: Machine, chance: random.Random) -> int:
        """Take the rest away; how many batches of the log are gone."""
        shares = dict.fromkeys([REPLIES, *COMMANDS], self.unsynced)
        shares |= {REQUESTS: self.requests, "__consumer_offsets": self.offsets, LOG: self.log}
        lost = {
            segment: segments.lose_tail(segment, share, chance)
            for topic, share in shares.items()
            for segment in segments.logs(machine.kafka_data, topic)
        }
        for segment in segments.logs(machine.kafka_data, LOG):
            if not lost[segment]:
                segments.tear(segment, chance)
        segments.lose_the_rest(machine.kafka_data, chance)
        return sum(lost[segment] for segment in segments.logs(machine.kafka_data, LOG))


async def under_load(machine: Machine) -> None:
    """Orders that have ended, and others that are on their way when the power goes."""
    await asyncio.to_thread(machine.on)
    async with front_door(machine.broker) as door:
        await place(door, 0, WAVE)
        await until(lambda: ended(machine.saga) == WAVE, "the first orders end")
        loading = asyncio.create_task(place(door, WAVE, WAVE))
        await until(lambda: ended(machine.saga) > WAVE + ENOUGH, "the second wave goes on")
        await asyncio.to_thread(machine.off)
        loading.cancel()


def keep_copy(file: Path, copy: Path) -> Path:
    """The file as it would be read now."""
    for end in ("", "-wal"):
        shutil.copy(f"{file}{end}", f"{copy}{end}")
    with SagaLog.open(copy):
        return copy


async def end_well(machine: Machine) -> None:
    """Whoever has no answer asks again, under the same keys; then every order ends."""
    async with front_door(machine.broker) as door:
        await place(door, 0, 2 * WAVE)
        await until(lambda: ended(machine.saga) == 2 * WAVE, "every order ends")
    assert counts(machine.saga) == {"completed": WAVE, "failed": WAVE}
    await asyncio.to_thread(machine.stop)


async def check(machine: Machine, before: Path, tmp_path: Path) -> None:
    """What was acted on stands; the topic, the file and the books of the services agree."""
    skipped = await told(machine.broker, tmp_path / "after.db")
    assert not [why for why in skipped if "stands between" in why]
    assert not differences(machine.file, tmp_path / "after.db")
    old, new = histories(before), histories(tmp_path / "after.db")
    assert len(old) >= WAVE + ENOUGH
    for saga, history in old.items():
        assert new[saga][: len(history)] == history
    check_books(machine.saga.data / "services", {saga: outcomes(new[saga]) for saga in new})
    assert await last_words(machine.broker) == set(range(2 * WAVE))


async def last_words(broker: BrokerSettings) -> set[int]:
    """The orders of which everybody was told how they ended."""
    places = [TopicPartition(broker.topic(ORDER_EVENTS), p) for p in range(PARTITIONS)]
    found: set[int] = set()
    async with reading(broker, *places) as consumer:
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                events = [json.loads(record.value or b"") for record in records]
                found |= {
                    event["data"]["order_id"]
                    for event in events
                    if event["type"] in ("OrderCompleted", "OrderFailed")
                }
    return found


CUTS = {
    "synced": Kept(log=1, requests=1, unsynced=0.9, offsets=1),
    "the log lost most": Kept(log=0.3, requests=0, unsynced=0, offsets=0),
}
MORE = {
    "synced, old offsets": Kept(log=1, requests=1, unsynced=0.5, offsets=0.5),
    "the log lost its end": Kept(log=0.97, requests=0.9, unsynced=0.9, offsets=0.9),
    "the log lost half, and no offset": Kept(log=0.5, requests=0.9, unsynced=0.5, offsets=1),
}


@pytest.mark.parametrize(
    "kept",
    [
        *(pytest.param(kept, id=name) for name, kept in CUTS.items()),
        *(pytest.param(kept, id=name, marks=pytest.mark.proof) for name, kept in MORE.items()),
    ],
)
async def test_the_power_goes(machine: Machine, tmp_path: Path, kept: Kept) -> None:
    """Every order ends right, once, and the log, the file and the books tell the same of it."""
    chance = random.Random(repr(kept))
    await under_load(machine)
    lost = kept.cut(machine, chance)
    assert bool(lost) == (kept.log < 1)
    for file in (machine.file, *(machine.saga.data / "services").glob("*.db")):
        assert databases.tear(file, chance), file
    before = keep_copy(machine.file, tmp_path / "before.db")
    await asyncio.to_thread(machine.on)
    await end_well(machine)
    await check(machine, before, tmp_path)
