"""The broker of a process: the one it was told to use, or the embedded one, started for it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from infra.broker.errors import BrokerUnreachable
from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.embedded_broker import EmbeddedBroker

Say = Callable[[str], None]


class Watched(NamedTuple):
    """An embedded broker, and what tells how it ended once it has."""

    settings: BrokerSettings
    ended: Callable[[], Awaitable[str]]


@asynccontextmanager
async def embedded_broker(topics: Mapping[str, int]) -> AsyncGenerator[BrokerSettings, None]:
    """An embedded broker with these topics, for as long as the block runs.

    Raises EmbeddedBrokerError."""
    async with watched_broker(topics) as (settings, _):
        yield settings


@asynccontextmanager
async def watched_broker(topics: Mapping[str, int]) -> AsyncGenerator[Watched, None]:
    """The same, for a process that goes on: it can wait for the broker's end."""
    broker = EmbeddedBroker()
    address = await asyncio.to_thread(broker.start, topics)
    try:
        settings = BrokerSettings.local(address, embedded=True)
        yield Watched(settings, lambda: asyncio.to_thread(broker.wait))
    finally:
        await asyncio.to_thread(broker.stop)


async def reach(broker: BrokerSettings, say: Say) -> BrokerSettings:
    """Wait until the broker answers, however long; `say` gets one line when it does not.

    Returns its settings with what it turned out to be: an embedded one may be somebody else's."""

    def tell(reason: str) -> None:
        say(f"{reason}; trying again")

    told = False
    while True:
        try:
            facts = await wait_for_broker(broker, on_retry=None if told else tell)
            return broker.model_copy(update={"embedded": facts.embedded})
        except BrokerUnreachable:
            told = True
