"""A service process killed between its commit and its reply (SIGKILL), on real Kafka."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from services import payment
from services.participant import ParticipantRunner
from tests.brokers import MakeTopics
from tests.integration.services.conftest import PATIENCE_S, Peer
from tests.integration.services.test_runner import charge, charged

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.kafka
async def test_the_next_process_sends_the_stored_reply(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
):
    topics = ["payment.commands", "saga.replies", "saga.dead-letters"]
    await make_topics(kafka_broker, dict.fromkeys(topics, 1))
    peer = Peer(kafka_broker)
    await peer.start()
    await peer.send("payment.commands", charge(peer, 1))
    module = "tests.integration.services.killed_before_reply"
    arguments = [kafka_broker.address, kafka_broker.topic_prefix, str(tmp_path)]
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=ROOT
    )
    assert await asyncio.wait_for(killed.wait(), PATIENCE_S) == -signal.SIGKILL
    async with ParticipantRunner(payment.participant, kafka_broker, tmp_path) as runner:
        assert charged(runner) == 1, "the transaction was committed before the kill"
        (answer,) = await peer.replies(1)
        assert answer["data"] == {"payment_id": 1, "amount": 1_000, "currency": "EUR"}
        assert runner.health().counts == {"repeated": 1}
        assert charged(runner) == 1
    await peer.stop()
