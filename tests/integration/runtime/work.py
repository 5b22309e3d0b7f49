"""A saga of two steps on the stage: begun, ended, and what anybody may write beside it."""

from typing import Any

from contracts.topics import DEFAULT_TENANT
from infra.broker.clients import close_producer, make_producer
from infra.broker.settings import BrokerSettings
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.rows import SagaRow
from tests.integration.runtime.stage import saga, step

WORK = saga(step("first"), step("second"))


async def begin(orchestrator: Orchestrator, key: str = "key-1", order: int = 7) -> SagaRow:
    """Start a saga and wait until it is in the log."""
    await orchestrator.door.start("work", key, {"order": order})
    row = await orchestrator.wait(DEFAULT_TENANT, "work", key, 20)
    assert row is not None
    return row


async def ended(orchestrator: Orchestrator, saga_id: int) -> SagaRow:
    """Wait until the saga has ended."""
    row = await orchestrator.wait_saga(saga_id, 20)
    assert row is not None
    return row


async def publish(broker: BrokerSettings, topic: str, partition: int, *values: bytes) -> None:
    """Write raw messages, as anybody may."""
    producer: Any = make_producer(broker)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(broker.topic(topic), value, partition=partition)
    finally:
        await close_producer(producer)
