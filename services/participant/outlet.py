"""One service's way out, through the senders that all services of its process share.

Through one producer, replies of all of them lie in one batch: fewer requests to write and to read.
The embedded broker answers a fetch with one batch, so there it decides how many replies are read.
"""

import asyncio
from collections.abc import Sequence

from infra.boundaries import Boundary
from infra.broker.outputs import TopicSenders
from infra.broker.types import Record


class Outlet:
    """``TopicSenders`` as one service has them: only what it sends itself can make it sick."""

    def __init__(self, senders: TopicSenders) -> None:
        self._senders = senders
        self._topics: set[str] = set()

    def submit(
        self, topic: str, partition: int, records: Sequence[Record], boundary: Boundary
    ) -> "asyncio.Future[int]":
        """See ``TopicSenders.submit``."""
        self._topics.add(topic)
        return self._senders.submit(topic, partition, records, boundary)

    def sick(self) -> dict[str, str]:
        """Topics of this service that take nothing at the moment, with the reason."""
        found = self._senders.sick()
        return {topic: why for topic, why in found.items() if topic in self._topics}
