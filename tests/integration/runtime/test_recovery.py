"""What a restart costs, in counts: nothing is sent twice or loaded that need not be, and replies
come before timeouts however long nobody was there (issue 4, part 8; laws 3, 5)."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import REPLIES
from infra.broker import clients
from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from orchestrator.definition.catalogue import Catalogue
from orchestrator.engine.facts import Faulted
from orchestrator.engine.state import State
from orchestrator.runtime import inputs
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.store import SagaLog
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    COMMANDS,
    PARTITIONS,
    TOPICS,
    eventually,
    participant,
    read_all,
    running,
    saga,
    settings,
    step,
)

pytestmark = pytest.mark.kafka

WORK = saga(step("first"), step("second"))
OPEN = 200
NOW = 1_700_000_000_000
FIVE_MINUTES_MS = 5 * 60_000


async def opened(orchestrator: Orchestrator, count: int) -> None:
    """Open so many sagas for whom nobody works, and wait until the sent marks know it."""
    door = orchestrator.door
    await asyncio.gather(*(door.start("work", f"key-{n}", {"order": n}) for n in range(count)))
    await eventually(lambda: orchestrator.reader.counts() == {"running": count})
    marks = orchestrator.reader.partitions
    await eventually(lambda: all(facts.sent == facts.offset for facts in marks()))


def started(folder: Path, broker: BrokerSettings, clock: ManualClock | None = None) -> Orchestrator:
    """An orchestrator, not started yet."""
    return Orchestrator(settings(folder), broker, Catalogue([WORK]), clock)


def quiet(orchestrator: Orchestrator) -> Callable[[], bool]:
    """Whether it owns everything, and has sent what it had to send again."""
    return lambda: all(p.own.owns and p.ready and not p.own.acting for p in orchestrator.partitions)


async def test_a_restart_sends_and_loads_nothing_that_it_need_not(
    kafka_broker: BrokerSettings,
    make_topics: MakeTopics,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Commands that were acknowledged are not sent again after a crash; the states of open sagas
    are folded when something comes for them, once each."""
    await make_topics(kafka_broker, TOPICS)
    first = started(tmp_path, kafka_broker)
    await first.start()
    try:
        await eventually(quiet(first))
        await opened(first, OPEN)
    finally:
        await first.kill()
    assert len(await read_all(kafka_broker, COMMANDS)) == OPEN

    loaded: list[int] = []
    fold = SagaLog.state

    def counted(log: SagaLog, number: int) -> State | None:
        loaded.append(number)
        return fold(log, number)

    monkeypatch.setattr(SagaLog, "state", counted)
    async with running(kafka_broker, tmp_path, WORK) as second:
        await eventually(quiet(second))
        assert not loaded, "nothing has come for any of them yet"
        assert len(await read_all(kafka_broker, COMMANDS)) == OPEN, "sent twice"
        async with participant(kafka_broker):
            await eventually(lambda: second.reader.counts() == {"completed": OPEN}, 60)
        assert len(await read_all(kafka_broker, COMMANDS)) == 2 * OPEN
        assert len(loaded) == len(set(loaded)) == OPEN


async def test_a_takeover_sends_nothing_again_that_the_log_knows_as_sent(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """The sent mark rides in the transitions: a successor without the file sends only what follows
    the last mark that it can know."""
    await make_topics(kafka_broker, TOPICS)
    first = started(tmp_path / "one", kafka_broker)
    await first.start()
    try:
        await eventually(quiet(first))
        await opened(first, OPEN)
        door = first.door
        for n in range(PARTITIONS * 8):  # whose transitions carry a mark beyond all those before
            await door.start("work", f"last-{n}", {"order": n})
        await opened_in_all(first, OPEN + PARTITIONS * 8)
    finally:
        await first.stop()
    sent = len(await read_all(kafka_broker, COMMANDS))
    async with running(kafka_broker, tmp_path / "two", WORK) as second:
        await eventually(quiet(second))
        again = len(await read_all(kafka_broker, COMMANDS)) - sent
        assert again <= PARTITIONS * 8, "what was sent before the last mark is not sent again"


async def opened_in_all(orchestrator: Orchestrator, count: int) -> None:
    """Wait until so many sagas are open."""
    await eventually(lambda: orchestrator.reader.counts() == {"running": count})


async def test_after_five_minutes_down_no_timeout_is_decided_before_the_replies(
    kafka_broker: BrokerSettings,
    make_topics: MakeTopics,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every deadline has passed, every reply waits in the topic: all go on as in time (law 5)."""
    # one reply at a time, so that timers have every chance to come first
    monkeypatch.setattr(clients, "PARTITION_FETCH_BYTES", 1)
    monkeypatch.setattr(inputs, "POLL_RECORDS", 1)
    await make_topics(kafka_broker, TOPICS)
    clock = ManualClock(NOW)
    first = started(tmp_path, kafka_broker, clock)
    await first.start()
    try:
        await eventually(quiet(first))
        await opened(first, OPEN)
    finally:
        await first.kill()
    async with participant(kafka_broker) as work:
        await eventually(lambda: len(work.commands) == OPEN)
        await replies(kafka_broker, OPEN)
        clock.advance(FIVE_MINUTES_MS)
        async with running(kafka_broker, tmp_path, WORK, clock=clock) as second:
            await eventually(lambda: second.reader.counts() == {"completed": OPEN}, 60)
            log = SagaLog.open(tmp_path / "saga.db")
            try:
                assert faults(log) == 0
            finally:
                log.close()
        assert len(work.commands) == 2 * OPEN, "nothing was asked twice"


async def replies(broker: BrokerSettings, count: int) -> None:
    """Wait until so many replies stand in the topic."""
    for _ in range(100):
        if len(await read_all(broker, REPLIES)) >= count:
            return
    raise AssertionError(f"never {count} replies")


def faults(log: SagaLog) -> int:
    """How many attempts the log counts as failed or timed out."""
    found: list[Any] = [
        fact
        for partition in range(PARTITIONS)
        for held in log.suffix(partition, 0)
        if hasattr(held, "sealed")
        for fact in held.sealed.transition.facts  # type: ignore[union-attr]
    ]
    return sum(isinstance(fact, Faulted) for fact in found)
