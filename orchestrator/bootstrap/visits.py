"""A visit to a cluster that belongs to somebody: topics of one's own, and none left behind."""

import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

from infra.broker.errors import TopicError
from infra.broker.removal import delete_topics
from infra.broker.settings import BrokerSettings
from orchestrator.bootstrap.brokers import Say


@asynccontextmanager
async def aside(
    broker: BrokerSettings, topics: Callable[[BrokerSettings], Sequence[str]], say: Say
) -> AsyncGenerator[BrokerSettings, None]:
    """The same cluster with a topic prefix that nobody else has; `topics` are deleted at the end.

    Only names that begin with that prefix are ever deleted. Where that is not allowed they stay,
    and `say` gets one line.
    """
    prefix = f"{broker.topic_prefix}demo-{secrets.token_hex(8)}."
    own = broker.model_copy(update={"topic_prefix": prefix})
    try:
        yield own
    finally:
        try:
            await delete_topics(own, [name for name in topics(own) if name.startswith(prefix)])
        except TopicError as error:
            say(str(error))
