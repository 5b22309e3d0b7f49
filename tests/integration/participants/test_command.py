"""`saga conformance`: what it prints, and its exit codes."""

import asyncio
import json
from pathlib import Path

import pytest

from contracts.topics import DEAD_LETTERS
from infra.broker.settings import BrokerSettings
from orchestrator.cli.main import run
from tests.brokers import MakeTopics
from tests.integration.participants.examining import FOLDER, make_places
from tests.integration.participants.flaws import PARTITIONS, flawed

TOPIC = "flawed.commands"
PLAIN = str(FOLDER / "plain.json")


async def conformance(broker: BrokerSettings, *words: str, command: str = PLAIN) -> int:
    """The exit code of the command line, which has an event loop of its own."""
    words = ("conformance", "--broker", broker.address, "--command", command, *words)
    return await asyncio.to_thread(run, [*words, "--topic", TOPIC])


@pytest.fixture(autouse=True)
def _prefix(kafka_broker: BrokerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", kafka_broker.topic_prefix)


async def test_one_that_conforms(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0; without a topic for the replies one is made."""
    await make_topics(kafka_broker, {TOPIC: PARTITIONS, DEAD_LETTERS: 1})
    async with flawed(kafka_broker, TOPIC, "none"):
        assert await conformance(kafka_broker) == 0
        assert "30 passed, 0 failed, 0 skipped" in capsys.readouterr().out
        assert await conformance(kafka_broker, "--json", "--only", "tombstone") == 0
    facts = json.loads(capsys.readouterr().out)
    assert [(c["name"], c["status"]) for c in facts["checks"]] == [("tombstone", "passed")]


async def test_one_that_does_not(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1; the check is named with what was expected and what was found."""
    await make_places(kafka_broker, make_topics, {TOPIC: PARTITIONS})
    async with flawed(kafka_broker, TOPIC, "no-tombstones"):
        assert await conformance(kafka_broker, "--only", "tombstone", "--only", "undo") == 1
    told = capsys.readouterr()
    assert told.err == f"saga: {kafka_broker.topic(TOPIC)} gets wrong: tombstone\n"
    assert "after its undo: failed, code tombstoned" in told.out
    assert "succeeded, WorkDone" in told.out


async def test_without_examples_the_rest_is_skipped(
    kafka_broker: BrokerSettings,
    make_topics: MakeTopics,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Strangers can be sent without an example; every other check says what it lacks."""
    await make_places(kafka_broker, make_topics, {TOPIC: PARTITIONS})
    nothing = tmp_path / "nothing.json"
    nothing.write_text("{}")
    async with flawed(kafka_broker, TOPIC, "none"):
        assert await conformance(kafka_broker, command=str(nothing)) == 0
    told = capsys.readouterr().out
    assert "3 passed, 0 failed" in told
    assert "no example is given of: do, undo" in told


async def test_bad_input(
    kafka_broker: BrokerSettings,
    make_topics: MakeTopics,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2, one line."""
    await make_places(kafka_broker, make_topics, {})
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"does": 7}')
    assert await conformance(kafka_broker, command=str(wrong)) == 2
    assert "unknown field `does`" in capsys.readouterr().err
    assert await conformance(kafka_broker, command="no-such-file") == 2
    assert "no-such-file: No such file" in capsys.readouterr().err
    assert await conformance(kafka_broker) == 2
    assert f"has no topic {kafka_broker.topic(TOPIC)}" in capsys.readouterr().err
    assert await conformance(kafka_broker, "--only", "everything") == 2
    assert "no check is called everything" in capsys.readouterr().err
