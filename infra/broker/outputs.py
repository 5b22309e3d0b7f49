"""Sends commands, events, replies and dead letters; one sick topic holds up only itself (law 3).

Each topic has a producer of its own: through a shared one, a topic that is refused again and again
would delay every other by a backoff each time (aiokafka has one request under way per broker).
"""

import asyncio
from collections.abc import Callable, Sequence

from infra.boundaries import Boundary
from infra.broker.clients import make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.topic_sender import Group, TopicSender
from infra.broker.types import Producer, Record


class TopicSenders:
    """Sends to any topic and sends again until acknowledged; a duplicate is harmless (law 4).

    `make`: how to make a producer for these settings.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        *,
        client_id: str = "saga-out",
        make: Callable[..., Producer] = make_producer,
    ) -> None:
        self._settings = settings
        self._client_id = client_id
        self._make = make
        self._topics: dict[str, TopicSender] = {}

    def submit(
        self, topic: str, partition: int, records: Sequence[Record], boundary: Boundary
    ) -> "asyncio.Future[int]":
        """Send `records`; the future ends with the base offset once they are acknowledged.

        It raises only what sending again cannot cure: `BatchTooLarge` (for this topic, too),
        `UnknownDestination`, or `AppendFailed` when the cluster refuses these very records or this
        was closed. All else is retried and shown by `sick`. Order within a partition holds until
        an error.
        """
        sender = self._topics.get(topic)
        if sender is None:
            sender = self._topics[topic] = TopicSender(
                topic,
                lambda: self._make(self._settings, client_id=f"{self._client_id}-{topic}"),
                rests=self._settings.embedded,
            )
        group = Group(partition, records, boundary, asyncio.get_running_loop().create_future())
        sender.send(group)
        return group.done

    def sick(self) -> dict[str, str]:
        """Topics that take nothing at the moment, with the reason; for readiness."""
        return {topic: sender.sick for topic, sender in self._topics.items() if sender.sick}

    async def flush(self) -> None:
        """Wait until everything submitted is acknowledged or refused."""
        await asyncio.gather(*(sender.idle.wait() for sender in self._topics.values()))

    async def close(self) -> None:
        """Stop; what is not acknowledged by now fails with `AppendFailed`."""
        await asyncio.gather(*(sender.close() for sender in self._topics.values()))
