"""The kit finds nothing wrong with our own services, nor with the participant in plain Python."""

from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from services import inventory, payment, product, seed, shipping
from services.participant import Participant, ParticipantRunner
from tests.brokers import MakeTopics
from tests.integration.participants.examining import examined, examples_of, faults, make_places
from tests.integration.protocol.test_plain_python import plain_participant
from tests.integration.runtime.stage import COMMANDS

SEED = seed.load()
SERVICES = [module.participant for module in (inventory, payment, product, shipping)]
WITHOUT_UNDO = {
    "undo",
    "undo-twice",
    "tombstone",
    "tombstone-round",
    "do-undo-do",
    "later-undo",
    "expired-undo",
    "refused-undo",
    "next-round",
    "steps-apart",
}


@pytest.mark.parametrize("participant", SERVICES, ids=lambda participant: participant.name)
async def test_our_services(
    participant: Participant, any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    topic = f"{participant.name}.commands"
    await make_places(any_broker, make_topics, {topic: 2})
    seeds = SEED[participant.name]
    async with ParticipantRunner(participant, any_broker, tmp_path, seed=seeds) as runner:
        await runner.ready()
        report = await examined(any_broker, topic, examples_of(participant.name))
        assert participant.books(runner.reader).balanced
    assert faults(report) == {}
    assert set(report.named("skipped")) == (
        WITHOUT_UNDO if participant.name == "product" else set()
    )
    if participant.name != "product":
        assert report.standing == 0


async def test_plain_python(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    await make_places(any_broker, make_topics, {COMMANDS: 2})
    async with plain_participant(any_broker, tmp_path / "plain.db"):
        report = await examined(any_broker, COMMANDS, examples_of("plain"))
    assert faults(report) == {}
    assert report.named("skipped") == ()
    assert report.standing == 0
