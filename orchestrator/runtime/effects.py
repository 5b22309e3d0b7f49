"""Sends what transitions cause, and the answers that are none, in groups by topic and partition.

One turn of the event loop is one round: everything added in it, whatever partition of the log it
comes from, goes out together. A sick topic holds up its own sends only (DESIGN law 3).
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.topics import DEAD_LETTERS, partition_of_key
from infra.boundaries import Boundary
from infra.broker.batches import records_size
from infra.broker.errors import BrokerError
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import KafkaError, Record
from infra.logging import get_logger
from orchestrator.runtime.backlog import Backlog
from orchestrator.runtime.boundaries import DEAD_LETTERS as LETTERS
from orchestrator.runtime.messages import Outgoing

GROUP_BYTES: Final = 500_000
RETRY_S: Final = 0.5
FLUSH_POLL_S: Final = 0.005
_log = get_logger(__name__)

_Place = tuple[str, int, Boundary]
"""Topic, partition, and what is sent there: only what is alike goes in one group."""


@dataclass(slots=True)
class _Parcel:
    """Messages that are done together: ``left`` groups of them are not acknowledged yet."""

    messages: Sequence[Outgoing]
    done: Callable[[], None]
    left: int = 1

    def minus(self) -> None:
        self.left -= 1
        if not self.left:
            self.done()


class Effects:
    """The way out. ``done`` of a parcel is called when all of its messages are acknowledged."""

    def __init__(self, settings: BrokerSettings, senders: TopicSenders) -> None:
        self._settings = settings
        self._senders = senders
        self._counts: dict[str, int] = {}
        self._waiting: list[_Parcel] = []
        self._scheduled = False
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._unknown: dict[str, str] = {}
        self._held: list[_Parcel] = []
        self._closed = False
        self.unacknowledged = 0
        self.backlog = Backlog(self.sick)

    def send(self, messages: Sequence[Outgoing], done: Callable[[], None]) -> None:
        """Send the messages in this round; ``done`` is called later, never from in here."""
        self._waiting.append(_Parcel(messages, done))
        self._schedule()

    def sick(self) -> dict[str, str]:
        """Topics that take nothing at the moment, with the reason."""
        return {**self._unknown, **self._senders.sick()}

    async def flush(self) -> None:
        """Wait until everything is acknowledged or refused."""
        # polled, at the end of a process only: whoever counts on the hot path has nothing to set
        while self._waiting or self._held or self.unacknowledged:  # noqa: ASYNC110
            await asyncio.sleep(FLUSH_POLL_S)

    def close(self) -> None:
        """Give up: what is not acknowledged lies behind the sent mark, and will be sent again."""
        self._closed = True
        for task in self._asking.values():
            task.cancel()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._round)

    def _round(self) -> None:
        self._scheduled = False
        parcels, self._waiting = self._waiting, []
        groups: dict[_Place, list[Record]] = {}
        members: dict[_Place, list[_Parcel]] = {}
        for parcel in parcels:
            for topic, record, boundary, partition in parcel.messages:
                count = self._counts.get(topic)
                if count is None:
                    self._ask(topic, Outgoing(topic, record, boundary, partition), parcel)
                    continue
                if partition < 0:
                    partition = partition_of_key(record.key or b"", count)
                place = (topic, partition, boundary)
                groups.setdefault(place, []).append(record)
                inside = members.setdefault(place, [])
                if not inside or inside[-1] is not parcel:
                    inside.append(parcel)
                    parcel.left += 1
        for place, records in groups.items():
            self._submit(place, records, members[place])
        for parcel in parcels:
            parcel.minus()

    def _submit(self, place: _Place, records: list[Record], inside: list[_Parcel]) -> None:
        chunks = list(_chunks(records))
        left = len(chunks)

        def acknowledged(future: "asyncio.Future[int]", chunk: list[Record], size: int) -> None:
            nonlocal left
            self.unacknowledged -= len(chunk)
            self.backlog.sending(topic, -size)
            if future.cancelled():
                return
            error = future.exception()  # asked for also at the end, or asyncio would complain
            if self._closed:
                return
            if error is not None and not self._refused(place, chunk, error, inside):
                return
            left -= 1
            if not left:
                for parcel in inside:
                    parcel.minus()

        topic = self._settings.topic(place[0])
        for chunk, size in chunks:
            self.unacknowledged += len(chunk)
            self.backlog.sending(topic, size)
            future = self._senders.submit(topic, place[1], chunk, place[2])
            future.add_done_callback(lambda f, c=chunk, s=size: acknowledged(f, c, s))

    def _refused(
        self,
        place: _Place,
        chunk: list[Record],
        error: BaseException,
        inside: list[_Parcel],
    ) -> bool:
        """What the cluster refuses for good goes to the dead letters; True when it counts as
        sent.
        """
        _log.error("messages refused", topic=place[0], count=len(chunk), error=str(error))
        if place[0] == DEAD_LETTERS or not isinstance(error, (BrokerError, KafkaError)):
            return False
        headers = [("dlq-topic", place[0].encode()), ("dlq-error", str(error)[:2000].encode())]
        letters = [
            Outgoing(DEAD_LETTERS, Record(r.key, r.value, [*r.headers, *headers]), LETTERS)
            for r in chunk
        ]
        for parcel in inside:
            parcel.left += 1

        def buried() -> None:
            for parcel in inside:
                parcel.minus()

        self.send(letters, buried)
        return True

    def _ask(self, topic: str, message: Outgoing, parcel: _Parcel) -> None:
        """How many partitions the topic has is not known yet: its messages wait for that alone."""
        parcel.left += 1
        self._held.append(_Parcel([message], parcel.minus))
        if topic not in self._asking:
            self._asking[topic] = asyncio.create_task(self._learn(topic))

    async def _learn(self, topic: str) -> None:
        while topic not in self._counts:
            try:
                found = await list_topics(self._settings)
                self._counts[topic] = found[self._settings.topic(topic)]
                self._unknown.pop(topic, None)
            except KeyError:
                self._unknown[topic] = "there is no such topic"
                await asyncio.sleep(RETRY_S)
            except (KafkaError, BrokerError, OSError) as error:
                self._unknown[topic] = str(error)
                await asyncio.sleep(RETRY_S)
        del self._asking[topic]
        ready = [p for p in self._held if p.messages[0].topic == topic]
        self._held = [p for p in self._held if p.messages[0].topic != topic]
        self._waiting.extend(ready)
        self._schedule()


def _chunks(records: list[Record]) -> Iterator[tuple[list[Record], int]]:
    """Parts that are sent in one group each, with their size in bytes."""
    size = records_size(records)
    if size <= GROUP_BYTES:  # as nearly always: measured once, for this is the hot path
        yield records, size
        return
    chunk: list[Record] = []
    size = 0
    for record in records:
        more = records_size((record,))
        if chunk and size + more > GROUP_BYTES:
            yield chunk, size
            chunk, size = [], 0
        chunk.append(record)
        size += more
    yield chunk, size
