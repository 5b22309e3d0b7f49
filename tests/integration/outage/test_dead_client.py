"""A Kafka client one of whose own tasks has ended is told to the loop, which ends the process."""

# pylint: disable=protected-access  # it is the inside of the clients that breaks here

import asyncio
from typing import Any

import pytest

from infra.broker.clients import make_consumer, make_producer
from infra.broker.settings import BrokerSettings
from infra.vital import VitalTaskDied
from orchestrator.runtime.log_reader import LogReader
from tests.brokers import MakeTopics

WITHIN_S = 30
Told = asyncio.Queue[VitalTaskDied]


def breaks(*_given: object, **_named: object) -> Any:
    """What aiokafka does not expect."""
    raise RuntimeError("unable to perform operation on a closed transport")


@pytest.fixture
async def told() -> Told:
    """What the loop is told of from now on."""
    queue = Told()

    def hear(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), VitalTaskDied):
            queue.put_nowait(context["exception"])

    asyncio.get_running_loop().set_exception_handler(hear)
    return queue


async def death(told: Told) -> str:
    """The next one, in words."""
    async with asyncio.timeout(WITHIN_S):
        return str(await told.get())


async def bury(dead: Any, client: Any) -> None:
    """Stop it, and then close the connections that its dead task kept it from closing."""
    await asyncio.gather(dead.stop(), return_exceptions=True)
    client._sync_task = None
    await client.close()


@pytest.mark.parametrize(
    ("part", "work", "task"),
    [
        ("_client", "_metadata_update", "AIOKafkaClient._md_synchronizer"),
        ("_fetcher", "_get_actions_per_node", "Fetcher._fetch_requests_routine"),
        ("_coordinator", "_maybe_do_autocommit", "GroupCoordinator._coordination_routine"),
    ],
)
async def test_a_consumer_whose_task_dies(
    any_broker: BrokerSettings, make_topics: MakeTopics, told: Told, part: str, work: str, task: str
) -> None:
    await make_topics(any_broker, {"read": 1})
    group = any_broker.topic("readers")
    consumer: Any = make_consumer(any_broker, [any_broker.topic("read")], group_id=group)
    await consumer.start()
    try:
        setattr(getattr(consumer, part), work, breaks)
        consumer._client.force_metadata_update()  # so that each of them has something to do
        consumer._coordinator.coordinator_dead()
        assert (await death(told)).startswith(f"{task}: ")
    finally:
        await bury(consumer, consumer._client)


async def test_a_producer_that_learns_no_more_who_leads(
    any_broker: BrokerSettings, told: Told
) -> None:
    producer: Any = make_producer(any_broker)
    await producer.start()
    try:
        producer.client._metadata_update = breaks
        producer.client.force_metadata_update()
        assert "_md_synchronizer: RuntimeError: unable to perform" in await death(told)
    finally:
        await bury(producer, producer.client)


async def test_the_reader_of_the_log(
    any_broker: BrokerSettings, make_topics: MakeTopics, told: Told
) -> None:
    await make_topics(any_broker, {"saga.log": 1})
    consumer: Any = make_consumer(any_broker)
    reader = LogReader(any_broker, any_broker.topic("saga.log"), 1, lambda *_, **__: consumer)
    await reader.start()
    try:
        consumer.getmany = breaks
        assert (await death(told)).startswith("log-reader: RuntimeError: ")
    finally:
        await reader.stop()


async def test_clients_that_are_stopped_are_not_dead(
    any_broker: BrokerSettings, make_topics: MakeTopics, told: Told
) -> None:
    await make_topics(any_broker, {"read": 1})
    group = any_broker.topic("readers")
    consumer = make_consumer(any_broker, [any_broker.topic("read")], group_id=group)
    producer = make_producer(any_broker)
    await consumer.start()
    await producer.start()
    await consumer.stop()
    await producer.stop()
    await asyncio.sleep(0)
    assert told.empty()
