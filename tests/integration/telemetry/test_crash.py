"""A saga whose orchestrator crashed in between has one tree all the same."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import DEFAULT_TENANT, REPLIES, partition_of_saga
from infra.broker.clients import close_producer, make_producer
from infra.broker.settings import BrokerSettings
from infra.telemetry import exporting
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.effects import Effects
from orchestrator.runtime.messages import Outgoing
from orchestrator.runtime.orchestrator import Orchestrator
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    TOPICS,
    Participant,
    eventually,
    participant,
    reply_to,
    running,
    saga,
    settings,
    step,
    succeed,
)
from tests.otlp import Receiver

WORK = saga(step("first"), step("second"))


def silent_on_second(command: dict[str, Any]) -> dict[str, Any] | None:
    """A participant that never answers for the second step."""
    return None if command["step"] == "second" else succeed(command)


async def crash_in_the_middle(broker: BrokerSettings, folder: Path, work: Participant) -> int:
    """Start a saga, and kill its orchestrator while the second step is out; its id."""
    first = Orchestrator(settings(folder), broker, Catalogue([WORK]))
    await first.start()
    await eventually(lambda: first.health().ready)
    await first.door.start("work", "key-1", {"order": 7})
    row = await first.wait(DEFAULT_TENANT, "work", "key-1", 20)
    assert row is not None
    await eventually(lambda: any(c["step"] == "second" for c in work.commands))
    await first.kill()
    return row.id


async def answer_second(broker: BrokerSettings, work: Participant) -> None:
    """The reply to the second step comes while nobody is there."""
    held = next(c for c in work.commands if c["step"] == "second")
    reply = json.dumps(reply_to(held, "succeeded", {})).encode()
    producer: Any = make_producer(broker)
    await producer.start()
    try:
        partition = partition_of_saga(int(held["saga"]))
        await producer.send_and_wait(broker.topic(REPLIES), reply, partition=partition)
    finally:
        await close_producer(producer)


async def go_on(broker: BrokerSettings, folder: Path, saga_id: int) -> None:
    """Another orchestrator on the same folder brings the saga to its end."""
    async with running(broker, folder, WORK) as second:
        ended = await second.wait_saga(saga_id, 20)
        assert ended is not None and ended.status == "completed"


def check_tree(collector: Receiver, work: Participant) -> None:
    """One saga, its two steps under it, and the very spans that the commands had named."""
    distinct = {span.span: span for span in collector.spans}
    by_name = {span.name: span for span in distinct.values()}
    assert len(distinct) == len(by_name) == 3
    root = by_name["saga work"]
    assert root.parent == ""
    for name in ("first", "second"):
        (told,) = {c["traceparent"] for c in work.commands if c["step"] == name}
        span = by_name[f"step {name}"]
        assert told.split("-")[1:3] == [span.trace, span.span]
        assert (span.trace, span.parent) == (root.trace, root.span)


async def test_the_successor_goes_on_with_the_same_tree(
    collector: Receiver,
    any_broker: BrokerSettings,
    make_topics: MakeTopics,
    tmp_path: Path,
) -> None:
    """What the first has sent and what the second sends belong together."""
    await make_topics(any_broker, TOPICS)
    async with participant(any_broker, silent_on_second) as work:
        with exporting():
            saga_id = await crash_in_the_middle(any_broker, tmp_path, work)
        assert [span.name for span in collector.spans] == ["step first"]
        await answer_second(any_broker, work)
        with exporting():
            await go_on(any_broker, tmp_path, saga_id)
    check_tree(collector, work)


async def test_the_successor_sends_what_the_first_could_not(
    collector: Receiver,
    any_broker: BrokerSettings,
    make_topics: MakeTopics,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What lies behind the sent mark is acted on again, and its spans are made again."""
    await make_topics(any_broker, TOPICS)
    send = Effects.send

    def unheard(self: Effects, messages: Sequence[Outgoing], _done: Callable[[], None]) -> None:
        """The crash comes before any acknowledgement."""
        send(self, messages, lambda: None)

    async with participant(any_broker, silent_on_second) as work:
        with monkeypatch.context() as patch:
            patch.setattr(Effects, "send", unheard)
            saga_id = await crash_in_the_middle(any_broker, tmp_path, work)
        assert collector.requests == 0
        await answer_second(any_broker, work)
        with exporting():
            await go_on(any_broker, tmp_path, saga_id)
    check_tree(collector, work)
