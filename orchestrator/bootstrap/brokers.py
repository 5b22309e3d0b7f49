"""The broker of a process: the one it was told to use, or the embedded one, started for it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

from infra.broker.errors import BrokerUnreachable
from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.embedded_broker import EmbeddedBroker

Say = Callable[[str], None]


@asynccontextmanager
async def embedded_broker(topics: Mapping[str, int]) -> AsyncGenerator[BrokerSettings, None]:
    """An embedded broker with these topics, for as long as the block runs.

    Raises EmbeddedBrokerError."""
    broker = EmbeddedBroker()
    address = await asyncio.to_thread(broker.start, topics)
    try:
        yield BrokerSettings.local(address, embedded=True)
    finally:
        await asyncio.to_thread(broker.stop)


async def reach(broker: BrokerSettings, say: Say) -> None:
    """Wait until the broker answers, however long; `say` gets one line when it does not."""

    def tell(reason: str) -> None:
        say(f"{reason}; trying again")

    told = False
    while True:
        try:
            await wait_for_broker(broker, on_retry=None if told else tell)
            return
        except BrokerUnreachable:
            told = True
