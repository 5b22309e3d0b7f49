"""Examines participants on a broker of a test."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from contracts.topics import DEAD_LETTERS, REPLIES
from infra.broker.settings import BrokerSettings
from infra.clock import SystemClock
from orchestrator.conformance.examples import Examples, load
from orchestrator.conformance.kit import OWN_REPLIES, Wanted, examine
from orchestrator.conformance.report import Report
from tests.brokers import MakeTopics

FOLDER = Path(__file__).parent


def examples_of(name: str) -> Examples:
    """The example commands of one participant."""
    return load(FOLDER / f"{name}.json")


async def make_places(
    broker: BrokerSettings, make_topics: MakeTopics, commands: Mapping[str, int]
) -> None:
    """The topics of commands, and those that the kit and the participants need beside them."""
    others = {REPLIES: 2, DEAD_LETTERS: 1, OWN_REPLIES: 2}
    await make_topics(broker, {**commands, **others})


async def examined(
    broker: BrokerSettings,
    topic: str,
    examples: Examples,
    patience_s: float = 20.0,
    only: Sequence[str] = (),
) -> Report:
    """The report on whoever takes commands there."""
    wanted = Wanted(topic, examples, patience_s, only=only)
    return await examine(broker, wanted, SystemClock(), lambda _result: None)


def faults(report: Report) -> dict[str, str]:
    """What was found wrong, by the check that found it."""
    return {r.name: f"{r.expected} -- {r.found}" for r in report.checks if r.status == "failed"}
