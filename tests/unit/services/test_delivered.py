"""In which order a participant keeps, sends and commits (DESIGN laws 2 and 8, and its paragraph on
participants).
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from infra.boundaries import OUTSIDE
from infra.broker.errors import BrokerError
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord, Consumer, Record, TopicPartition
from infra.clock import ManualClock
from infra.datastore import open_database
from services.participant import inbox
from services.participant.acknowledger import Acknowledger
from services.participant.batch import BatchHandler
from services.participant.delivery import Delivery, Parcel
from services.participant.outcome import Outgoing
from services.participant.outlet import Outlet
from services.participant.settings import ServiceSettings
from tests.unit.services.messages import NOW, TOPIC, Consumed, command
from tests.unit.services.words import make_participant, words

LETTERS = "dead"
PLACE = TopicPartition(TOPIC, 0)


class Senders:
    """Takes what is sent; ``refuses`` names the topic that takes nothing, ever."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.sent: list[tuple[str, list[bytes | None]]] = []

    def submit(
        self, topic: str, _partition: int, records: Sequence[Record], *_: object
    ) -> "asyncio.Future[int]":
        done = asyncio.get_running_loop().create_future()
        self.sent.append((topic, [record.value for record in records]))
        if topic == self.refuses:
            done.set_exception(BrokerError("no such topic"))
        else:
            done.set_result(0)
        return done


class Reader:
    """A consumer that only commits."""

    def __init__(self) -> None:
        self.committed: dict[TopicPartition, int] = {}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.update(offsets)


def letter(cause: ConsumedRecord, error: str) -> Outgoing:
    record = Record(None, error.encode(), ())
    return Outgoing(LETTERS, 0, record, cause, OUTSIDE)


def delivery(senders: Senders) -> Delivery:
    return Delivery(Outlet(cast(TopicSenders, senders)), letter)


async def turns() -> None:
    """Let everything that can happen now happen."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_an_effect_is_on_the_disk_before_its_reply_can_be_sent(tmp_path: Path) -> None:
    """Who is told of it may look."""
    file = tmp_path / "test.db"
    db = open_database(file)
    inbox.prepare(db)
    db.execute("CREATE TABLE words (word TEXT)")
    broker = BrokerSettings.local("127.0.0.1:1")
    handler = BatchHandler(make_participant(), db, broker, ManualClock(NOW), ServiceSettings())
    outcome = await handler.handle([Consumed(command("Note", {"word": "a"}))])
    beside = open_database(file, readonly=True)
    assert len(outcome.outgoing) == 1
    assert words(beside) == 1
    beside.close()
    db.close()


async def test_an_offset_is_committed_after_the_reply_is_acknowledged() -> None:
    """Else a crash between the two loses the reply for ever."""
    reader = Reader()
    acknowledger = Acknowledger(cast(Consumer, reader), delivery(Senders()))
    under_way: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    item = Outgoing("saga.replies", 0, Record(None, b"", ()), Consumed(b""), OUTSIDE)
    await acknowledger.add([Parcel([item], under_way)], {PLACE: 1})
    await turns()
    assert not reader.committed
    under_way.set_result(7)
    await turns()
    assert reader.committed == {PLACE: 1}
    await acknowledger.drain(1.0)


async def test_offsets_are_committed_together_and_the_last_ones_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A commit for every batch would be one for every command where little is to be done."""
    monkeypatch.setattr("services.participant.acknowledger.COMMIT_S", 3_600.0)
    reader = Reader()
    acknowledger = Acknowledger(cast(Consumer, reader), delivery(Senders()))
    await acknowledger.add([], {PLACE: 1})
    await turns()
    assert reader.committed == {PLACE: 1}, "the first one at once"
    for offset in (2, 3):
        await acknowledger.add([], {PLACE: offset})
        await turns()
    assert reader.committed == {PLACE: 1}
    await acknowledger.drain(60.0)
    assert (reader.committed, acknowledger.committed) == ({PLACE: 3}, {PLACE: 3})


async def test_a_reply_that_its_topic_refuses_becomes_a_dead_letter() -> None:
    """And only that is waited for: one reply to nowhere holds nobody up, and is not lost."""
    senders = Senders(refuses="nowhere")
    sends = delivery(senders)
    item = Outgoing("nowhere", 0, Record(None, b"lost", ()), Consumed(b""), OUTSIDE)
    await sends.acknowledged(sends.submit([item]))
    assert [topic for topic, _ in senders.sent] == ["nowhere", LETTERS]
    assert not sends.trouble
