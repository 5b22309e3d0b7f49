"""A broker that dies and comes back: the participant says so, loses nothing, and goes on."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from infra.broker.topics import TopicSpec, ensure_topics
from infra.kafka import LocalKafka
from services import payment, seed
from services.participant import ParticipantRunner
from tests.brokers import no_local_kafka
from tests.integration.services.conftest import Peer, eventually
from tests.unit.services.messages import command

ORDERS = 300


@pytest.fixture
def node(tmp_path: Path) -> Iterator[LocalKafka]:
    """A Kafka that only this test uses, since it kills it."""
    reason = no_local_kafka()
    if reason is not None:
        pytest.skip(reason)
    kafka = LocalKafka(tmp_path / "kafka")
    yield kafka
    kafka.remove()


def charges() -> list[bytes]:
    deadline = str(int(time.time() * 1_000) + 120_000)
    return [
        command(
            "ChargePayment",
            {"order_id": n, "user_id": 1, "amount": 1, "currency": "EUR"},
            saga=str(n),
            step="payment",
            deadline=deadline,
        )
        for n in range(1, ORDERS + 1)
    ]


async def test_the_broker_is_killed_and_comes_back(node: LocalKafka, tmp_path: Path):
    broker = BrokerSettings.local(node.start().bootstrap)
    names = ["payment.commands", "saga.replies", "saga.dead-letters"]
    await ensure_topics(broker, [TopicSpec(name, 1) for name in names])
    peer = Peer(broker)
    await peer.start()
    data = seed.load()["payment"]
    async with ParticipantRunner(payment.participant, broker, tmp_path, seed=data) as runner:
        await runner.ready()
        await peer.send("payment.commands", *charges())
        await eventually(lambda: runner.health().counts)
        node.stop(kill=True)
        await eventually(lambda: not runner.health().ready)
        node.start()
        await runner.ready(60)
        replies = await peer.replies(ORDERS)
        while len({answer["saga"] for answer in replies}) < ORDERS:
            # some were sent twice: that is harmless
            replies = await peer.replies(len(replies) + 1)
        assert {answer["outcome"] for answer in replies} == {"succeeded"}
        charged = runner.reader.execute("SELECT count(*), sum(amount) FROM charges").fetchone()
        assert charged == (ORDERS, ORDERS)
        await eventually(lambda: runner.health().lag == 0)
    await peer.stop()
