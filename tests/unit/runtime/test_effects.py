"""What goes out is done when it is acknowledged, or buried where it can be seen (DESIGN law 8)."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from contracts.topics import DEAD_LETTERS
from infra.boundaries import OUTSIDE
from infra.broker.errors import BrokerError
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.types import Record
from orchestrator.runtime import effects
from orchestrator.runtime.effects import Effects
from orchestrator.runtime.messages import Outgoing


class Senders:
    """Answers when it is told to; one topic refuses for good."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, asyncio.Future[int]]] = []

    def submit(
        self, topic: str, _partition: int, _records: Sequence[Record], *_: object
    ) -> "asyncio.Future[int]":
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if topic == "refusing":
            done.set_exception(BrokerError("it takes nothing"))
        self.sent.append((topic, done))
        return done

    def to(self, topic: str) -> list["asyncio.Future[int]"]:
        return [done for name, done in self.sent if name == topic]


@pytest.fixture
async def out(monkeypatch: pytest.MonkeyPatch) -> tuple[Effects, Senders]:
    """The way out, to a cluster with a few topics."""

    async def topics(*_: Any) -> dict[str, int]:
        return {"work": 1, "refusing": 1, DEAD_LETTERS: 1}

    monkeypatch.setattr(effects, "list_topics", topics)
    senders = Senders()
    return Effects(BrokerSettings.local("127.0.0.1:1"), cast(TopicSenders, senders)), senders


def message(topic: str) -> Outgoing:
    return Outgoing(topic, Record(b"1", b"{}", ()), OUTSIDE)


async def turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_parcel_is_done_when_all_of_it_is_acknowledged(
    out: tuple[Effects, Senders],
) -> None:
    """The sent mark moves by this."""
    way, senders = out
    done: list[int] = []
    way.send([message("work"), message("work")], lambda: done.append(1))
    await turns()
    assert senders.to("work") and not done
    for future in senders.to("work"):
        future.set_result(0)
    await turns()
    assert done == [1]


async def test_what_a_topic_refuses_is_done_when_its_dead_letter_is(
    out: tuple[Effects, Senders],
) -> None:
    """Not before: else nobody would ever see it."""
    way, senders = out
    done: list[int] = []
    way.send([message("refusing")], lambda: done.append(1))
    await turns()
    assert not done
    (letter,) = senders.to(DEAD_LETTERS)
    letter.set_result(0)
    await turns()
    assert done == [1]
