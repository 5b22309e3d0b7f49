"""Every flaw of a participant is reported by the check that is named for it."""

import pytest

from infra.broker.settings import BrokerSettings
from orchestrator.conformance.checks import CHECKS
from tests.brokers import MakeTopics
from tests.integration.participants.examining import examined, examples_of, faults, make_places
from tests.integration.participants.flaws import PARTITIONS, flawed

TOPIC = "flawed.commands"
PATIENCE_S = 20.0
SHORT_S = 1.0

FOUND_BY = {
    "no-outcome": "answered",
    "wrong-partition": "place",
    "wrong-topic": "place",
    "numbers": "attributes",
    "rounded-numbers": "attributes",
    "own-ids": "identity",
    "id-of-the-round": "identity",
    "bare-record": "record",
    "no-trace": "trace",
    "strict": "unknown-parts",
    "doubles": "redelivered",
    "doubles-in-a-batch": "batch",
    "round-blind": "refused-round",
    "ended-by-undo": "next-round",
    "step-blind": "steps-apart",
    "undo-fails": "undo",
    "undoes-twice": "undo-twice",
    "no-tombstones": "tombstone",
    "needs-its-do": "tombstone",
    "tombstone-for-ever": "tombstone-round",
    "undo-erases": "do-undo-do",
    "undo-of-its-round": "later-undo",
    "ignores-deadline": "expired",
    "stores-expired": "expired",
    "deadline-before-store": "late-repeat",
    "no-reason": "refused",
    "refused-for-ever": "refused-round",
    "stores-failures": "malformed-data",
    "narrow-numbers": "large-ids",
    "round-of-the-attempt": "second-attempt",
    "undo-expires-into-tombstone": "expired-undo",
    "refusals-count-as-done": "refused-undo",
}
"""Flaws that leave no command unanswered."""
SILENT = {
    "mute": "answered",
    "answers-a-batch-once": "batch",
    "mixes-sagas": "interleaved",
    "swallows-unknown": "unknown-command",
    "dies-of-unknown": "unknown-command",
    "dies-of-garbage": "garbage",
    "swallows-garbage": "dead-letters",
}
"""Flaws whose examiner must lose its patience."""


async def found(
    broker: BrokerSettings, make_topics: MakeTopics, flaw: str, patience_s: float, *only: str
) -> set[str]:
    """The checks that fail of those that are made: all, or only these."""
    await make_places(broker, make_topics, {TOPIC: PARTITIONS})
    async with flawed(broker, TOPIC, flaw):
        report = await examined(broker, TOPIC, examples_of("plain"), patience_s, only)
    return set(faults(report))


async def test_none(any_broker: BrokerSettings, make_topics: MakeTopics) -> None:
    """Without a flaw nothing is found: what is found below is the flaw."""
    assert await found(any_broker, make_topics, "none", PATIENCE_S) == set()


@pytest.mark.parametrize("flaw", FOUND_BY)
async def test_flaw(flaw: str, kafka_broker: BrokerSettings, make_topics: MakeTopics) -> None:
    named = FOUND_BY[flaw]
    assert await found(kafka_broker, make_topics, flaw, PATIENCE_S, named) == {named}


@pytest.mark.parametrize("flaw", SILENT)
async def test_silence(flaw: str, kafka_broker: BrokerSettings, make_topics: MakeTopics) -> None:
    named = SILENT[flaw]
    assert await found(kafka_broker, make_topics, flaw, SHORT_S, named) == {named}


async def test_one_that_has_died_is_left_alone(
    kafka_broker: BrokerSettings, make_topics: MakeTopics
) -> None:
    """What would be asked of it after that is skipped, and the report says since when."""
    await make_places(kafka_broker, make_topics, {TOPIC: PARTITIONS})
    async with flawed(kafka_broker, TOPIC, "dies-of-unknown"):
        only = ("unknown-command", "garbage")
        report = await examined(kafka_broker, TOPIC, examples_of("plain"), SHORT_S, only)
    assert report.named("failed") == ("unknown-command",)
    (skipped,) = (result for result in report.checks if result.status == "skipped")
    assert skipped.why == "nothing is answered any more since unknown-command"


def test_every_check_has_a_flaw_of_its_own() -> None:
    """A check that no flaw trips could as well find nothing."""
    assert {*FOUND_BY.values(), *SILENT.values()} == {check.name for check in CHECKS}
