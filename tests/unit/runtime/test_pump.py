"""Reading a backlog: others get their turn, and what counts as read has been decided (law 5)."""

import asyncio
from typing import Any, cast

from infra.broker.types import TopicPartition
from orchestrator.runtime.boundaries import REPLY_OFFSETS
from orchestrator.runtime.inputs import _Source

ROUNDS = 50


class Buffered:
    """A consumer with records of two partitions at hand, always: it never waits."""

    def __init__(self) -> None:
        self.given = 0

    async def getmany(self, **_options: Any) -> dict[TopicPartition, list[Any]]:
        """Two batches at once."""
        self.given += 1
        return {TopicPartition("replies", p): [self.given] for p in range(2)}


async def test_a_long_backlog_leaves_the_loop_to_others_between_its_batches() -> None:
    """What has been decided is confirmed and sent meanwhile; timers find no half batch."""
    consumer = Buffered()
    taken: list[int] = []
    looks: list[tuple[int, int]] = []
    source = _Source(cast(Any, consumer), "replies", REPLY_OFFSETS)
    pump = asyncio.create_task(source.pump(1, lambda p, _s, _r: taken.append(p)))
    try:
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
            looks.append((consumer.given, len(taken)))
    finally:
        pump.cancel()
    assert consumer.given <= ROUNDS, "the loop is left after each batch"
    assert all(decided == 2 * given for given, decided in looks), "no batch is seen half decided"
    assert taken
