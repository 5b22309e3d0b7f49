"""Sends what a transaction left to send, and knows when all of it is acknowledged."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from infra.boundaries import Boundary
from infra.broker.errors import BrokerError
from infra.broker.sizes import BATCH_OVERHEAD, MAX_BATCH_BYTES, records_size
from infra.broker.types import ConsumedRecord
from services.participant.outcome import Outgoing
from services.participant.outlet import Outlet

ROOM = MAX_BATCH_BYTES - BATCH_OVERHEAD
PAUSE_S = 1.0

DeadLetter = Callable[[ConsumedRecord, str], Outgoing]


class Parcel(NamedTuple):
    """Records for one partition that were submitted together."""

    items: Sequence[Outgoing]
    sent: "asyncio.Future[int]"


class Delivery:
    """Replies, dead letters and whatever else a participant sends.

    ``trouble`` says what cannot be delivered at the moment, or nothing.
    """

    def __init__(self, outlet: Outlet, dead_letter: DeadLetter) -> None:
        self._outlet = outlet
        self._dead_letter = dead_letter
        self.trouble = ""

    def submit(self, outgoing: Sequence[Outgoing]) -> list[Parcel]:
        """Begin to send; records for the same partition keep their order."""
        lanes: dict[tuple[str, int, Boundary], list[Outgoing]] = {}
        for item in outgoing:
            lanes.setdefault((item.topic, item.partition, item.boundary), []).append(item)
        return [self._send(part) for lane in lanes.values() for part in _parts(lane)]

    async def acknowledged(self, parcels: Sequence[Parcel]) -> None:
        """Wait until every record is acknowledged. What a topic refuses for good becomes a dead
        letter.

        A dead letter that cannot be sent is tried for ever: nothing is acknowledged without it.
        """
        for parcel in parcels:
            try:
                await parcel.sent
            except BrokerError as error:
                await self._again(parcel.items, str(error))

    def _send(self, items: Sequence[Outgoing]) -> Parcel:
        topic, partition, *_, boundary = items[0]
        records = [item.record for item in items]
        sent = self._outlet.submit(topic, partition, records, boundary)
        sent.add_done_callback(_heard)
        return Parcel(items, sent)

    async def _again(self, items: Sequence[Outgoing], error: str) -> None:
        """One of these records was refused: send each alone, and instead of a refused one its dead
        letter.
        """
        if len(items) > 1:
            await self.acknowledged([self._send([item]) for item in items])
            return
        letter = self._dead_letter(items[0].cause, error)
        while True:
            try:
                await self._send([letter]).sent
            except BrokerError as refused:
                self.trouble = f"a dead letter cannot be sent: {refused}"
                await asyncio.sleep(PAUSE_S)
            else:
                self.trouble = ""
                return


def _parts(items: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    """Parts that fit into a batch each."""
    begin, size = 0, 0
    for n, item in enumerate(items):
        added = records_size([item.record])
        if n > begin and size + added > ROOM:
            yield items[begin:n]
            begin, size = n, 0
        size += added
    yield items[begin:]


def _heard(sent: "asyncio.Future[int]") -> None:
    """At the stop nobody waits any more, and asyncio would complain of an error not looked at."""
    if not sent.cancelled():
        sent.exception()
