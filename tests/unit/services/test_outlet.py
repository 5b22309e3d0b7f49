"""One service's way out through senders that others use too."""

import asyncio
from collections.abc import Sequence
from typing import cast

from infra.boundaries import OUTSIDE, Boundary
from infra.broker.outputs import TopicSenders
from infra.broker.types import Record
from services.participant.outlet import Outlet


class Senders:
    """Two topics take nothing."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []

    def submit(
        self, topic: str, partition: int, _records: Sequence[Record], _boundary: Boundary
    ) -> "asyncio.Future[int]":
        self.sent.append((topic, partition))
        return asyncio.get_running_loop().create_future()

    def sick(self) -> dict[str, str]:
        return {"a": "away", "b": "away"}


async def test_a_service_is_made_sick_only_by_a_topic_that_it_sends_to() -> None:
    senders = Senders()
    one, other = (Outlet(cast(TopicSenders, senders)) for _ in range(2))
    one.submit("a", 0, [Record(None, b"", ())], OUTSIDE)
    other.submit("c", 1, [Record(None, b"", ())], OUTSIDE)
    assert senders.sent == [("a", 0), ("c", 1)]
    assert (one.sick(), other.sick()) == ({"a": "away"}, {})
