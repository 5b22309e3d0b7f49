"""A disk that takes nothing: nothing is acted on, it is said, and work goes on when there is
room.
"""

from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from orchestrator.runtime import house
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.errors import LogWriteFailed
from orchestrator.sagalog.store import SagaLog
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    TOPICS,
    eventually,
    participant,
    running,
    saga,
    step,
)

WORK = saga(step("first"))


async def test_a_full_disk_stops_before_it_lies(
    embedded_broker: BrokerSettings,
    make_topics: MakeTopics,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No command goes out while SQLite does not hold its transition; readiness says why."""
    await make_topics(embedded_broker, TOPICS)
    monkeypatch.setattr(house, "RETRY_S", 0.02)
    async with (
        running(embedded_broker, tmp_path, WORK) as orchestrator,
        participant(embedded_broker) as work,
    ):
        written = SagaLog.commit
        tries = 0

        def full(_: SagaLog, __: Batch) -> None:
            nonlocal tries
            tries += 1
            raise LogWriteFailed("database or disk is full")

        monkeypatch.setattr(SagaLog, "commit", full)
        await orchestrator.door.start("work", "key-1", {"order": 1})
        await eventually(lambda: tries > 3)
        assert not work.commands
        health = orchestrator.health()
        assert not health.ready
        assert any("disk is full" in reason for reason in health.reasons)
        assert await orchestrator.wait(1, "work", "key-1", 0) is None
        monkeypatch.setattr(SagaLog, "commit", written)
        row = await orchestrator.wait(1, "work", "key-1", 20)
        assert row is not None
        await eventually(lambda: orchestrator.reader.counts() == {"completed": 1})
        await eventually(lambda: orchestrator.health().ready)
