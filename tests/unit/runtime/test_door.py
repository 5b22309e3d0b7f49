"""What the front door publishes."""

from typing import Any

import msgspec
import pytest

from contracts.envelope import REQUEST, decode
from contracts.topics import partition_of_saga
from infra.boundaries import Boundary
from infra.broker.settings import BrokerSettings
from infra.broker.types import Record
from orchestrator.runtime import door


class Sender:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, Record]] = []

    async def submit(
        self, _topic: str, partition: int, records: list[Record], _boundary: Boundary
    ) -> int:
        self.sent += [(partition, record) for record in records]
        return len(self.sent)


class Producer:
    """Connects to nothing."""

    async def start(self) -> None:
        """At once."""


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Sender:
    """What the door publishes with: its broker acknowledges everything."""
    made = Sender()
    monkeypatch.setattr(door, "make_producer", lambda *_, **__: Producer())
    monkeypatch.setattr(door, "BatchSender", lambda _: made)
    return made


def opened() -> door.FrontDoor:
    """A front door of four partitions."""
    return door.FrontDoor(BrokerSettings.local("127.0.0.1:1"), 4)


async def test_a_repair_is_the_request_it_is_called_by(sender: Sender) -> None:
    front = opened()
    saga = 5 << 10 | 3
    for _ in range(2):
        await front.repair(saga, "retry", "it is back", "ann", request="k-1")
    first, second = sender.sent
    assert first == second
    assert first[0] == partition_of_saga(saga) == 3
    request = decode(REQUEST, first[1].value)
    assert (request["id"], request["type"]) == ("k-1", "saga.repair")


async def test_a_signal_is_the_request_it_is_called_by(sender: Sender) -> None:
    saga = 5 << 10 | 3
    await opened().signal(saga, "cancel", "ordered twice", "ann", request="c-1")
    ((partition, record),) = sender.sent
    request = decode(REQUEST, record.value)
    assert partition == 3
    assert (request["id"], request["type"], request["saga"]) == ("c-1", "saga.signal", saga)
    assert request["data"] == {"signal": "cancel", "reason": "ordered twice", "by": "ann"}


async def test_every_start_is_a_request_of_its_own(sender: Sender) -> None:
    front = opened()
    for _ in range(2):
        await front.start("work", "key", {"order": 7})
    messages: list[Any] = [msgspec.json.decode(record.value or b"") for _, record in sender.sent]
    assert {message["requestkey"] for message in messages} == {"key"}
    assert len({message["id"] for message in messages}) == 2
