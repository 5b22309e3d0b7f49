"""A saga and its child on both brokers: in partitions of their own, killed, asked for again, and
without one of the stores (DESIGN laws 2 to 4 and 14).
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import EVENTS, REPLIES, REQUESTS, partition_of_saga
from infra.broker.settings import BrokerSettings
from infra.embedded_broker import EmbeddedBroker
from orchestrator.definition.catalogue import Catalogue
from orchestrator.engine.facts import Faulted
from orchestrator.runtime.messages import Outgoing
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.reader import Reader
from tests.brokers import MakeTopics, unique_prefix
from tests.integration.runtime.family import (
    IMPATIENT,
    ORDER,
    PACKING,
    REORDER,
    answer,
    asked,
    begin,
    child_of,
    signalled,
    state_of,
)
from tests.integration.runtime.stage import (
    TOPICS,
    events,
    eventually,
    participant,
    running,
    settings,
    silent,
    succeed,
)


async def test_each_in_a_partition_of_its_own(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    await make_topics(any_broker, TOPICS)
    async with running(any_broker, tmp_path, ORDER, PACKING) as o, participant(any_broker) as work:
        parent = await begin(o)
        ended = await o.wait_saga(parent, 20)
        assert ended is not None and ended.status == "completed"
        kid = child_of(o.reader, parent)
        assert partition_of_saga(kid.saga) != partition_of_saga(parent)
        assert kid.mode == "completed"
        assert kid.deadline == 0 and state_of(o.reader, parent).data["packing"] == {"order": 7}
        steps = [command["step"] for command in work.commands]
        assert steps == ["charge", "prepare", "dispatch", "ship"]


async def test_a_child_that_has_ended_tells_it_again_when_asked(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Its end is lost on the way: the parent asks again after its timeout, and hears the same."""
    await make_topics(any_broker, TOPICS)
    async with (
        running(any_broker, tmp_path, IMPATIENT, PACKING) as orchestrator,
        participant(any_broker) as work,
    ):
        lost = _lose_the_first(orchestrator, "/end")
        parent = await begin(orchestrator)
        ended = await orchestrator.wait_saga(parent, 20)
        assert ended is not None and ended.status == "completed"
        assert len(lost) == 1
        steps = [command["step"] for command in work.commands]
        assert steps == ["charge", "prepare", "dispatch"], "nothing of it was done again"
        await eventually(lambda: all(p.idle and not p.own.acting for p in orchestrator.partitions))
    ends = [one for one in await events(any_broker, REPLIES) if one["id"].endswith("/end")]
    assert {json.dumps(end, sort_keys=True) for end in ends} == {
        json.dumps(lost[0], sort_keys=True)
    }
    told = [e["id"] for e in await events(any_broker, EVENTS) if e["type"] == "SagaCompleted"]
    assert len(set(told)) == 2


def _lose_the_first(orchestrator: Orchestrator, ending: str) -> list[dict[str, Any]]:
    """The first reply of a child with such an id is not sent; what was lost."""
    lost: list[dict[str, Any]] = []
    services = orchestrator.partitions[0]._services  # pylint: disable=protected-access
    send = services.effects.send

    def kept(message: Outgoing) -> bool:
        if message.topic != REPLIES or lost:
            return True
        told = json.loads(message.record.value or b"")
        if told["id"].endswith(ending):
            lost.append(told)
        return not lost

    services.effects.send = lambda messages, done: send(  # type: ignore[method-assign]
        [message for message in messages if kept(message)], done
    )
    return lost


@pytest.mark.parametrize("keeps_file", [True, False])
async def test_killed_while_the_child_runs(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path, keeps_file: bool
) -> None:
    """Both owners at once; the file may be gone too: what runs goes on, and is asked for once."""
    await make_topics(any_broker, TOPICS)
    async with participant(any_broker, silent("prepare")) as work:
        first = Orchestrator(settings(tmp_path / "one"), any_broker, Catalogue([ORDER, PACKING]))
        await first.start()
        parent = await begin(first)
        await asked(work, "prepare")
        await first.door.signal(parent, REORDER, "", "ann", request="s-1", data={"new": 9})
        await eventually(lambda: child_of(first.reader, parent).held)
        await first.kill()
        folder = tmp_path / "one"
        if not keeps_file:
            folder = tmp_path / "two"
            folder.mkdir()
            # the same seat in the group: else the session of the dead has to time out first
            shutil.copy(tmp_path / "one" / "member", folder)
        async with running(any_broker, folder, ORDER, PACKING) as second:
            await eventually(lambda: second.reader.saga(parent))
            work.behave = succeed
            await answer(work, "prepare")
            ended = await second.wait_saga(parent, 20)
            assert ended is not None and ended.status == "completed"
            kid = child_of(second.reader, parent)
            assert (kid.mode, kid.signals) == ("completed", {"s-1": ""})
            assert state_of(second.reader, parent).changed == kid.changed == {"order": 9}
    done = {(c["step"], c["round"], c["data"]["order"]) for c in work.commands}
    assert done == {("charge", 1, 7), ("prepare", 1, 7), ("prepare", 2, 9), *_LATER}
    held = {("order", REORDER, "held"), ("packing", REORDER, "held")}
    applied = {("order", REORDER, "applied"), ("packing", REORDER, "applied")}
    assert await signalled(any_broker, EVENTS) == held | applied


_LATER = {("dispatch", 1, 9), ("ship", 1, 9)}


@pytest.mark.kafka
@pytest.mark.parametrize("whose", ["parent", "child"])
async def test_one_of_the_two_owners_is_killed(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path, whose: str
) -> None:
    """The other process takes over its partition, and the two sagas still hear of each other."""
    await make_topics(kafka_broker, TOPICS)
    pair = [
        Orchestrator(settings(tmp_path / name), kafka_broker, Catalogue([ORDER, PACKING]))
        for name in ("one", "two")
    ]
    async with participant(kafka_broker, silent("prepare")) as work:
        try:
            for one in pair:
                await one.start()
            await eventually(lambda: all(len(_owned(one)) == 1 for one in pair))
            parent = await begin(pair[0])
            await asked(work, "prepare")
            partition = partition_of_saga(parent)
            wanted = partition if whose == "parent" else 1 - partition
            (victim,) = [one for one in pair if _owned(one) == [wanted]]
            (other,) = [one for one in pair if one is not victim]
            await victim.kill()
            work.behave = succeed
            await answer(work, "prepare")
            await eventually(lambda: len(_owned(other)) == 2, 40)
            ended = await other.wait_saga(parent, 30)
            assert ended is not None and ended.status == "completed"
            assert child_of(other.reader, parent).mode == "completed"
        finally:
            for one in pair:
                await one.stop()
    steps = {command["step"] for command in work.commands}
    assert steps == {"charge", "prepare", "dispatch", "ship"}
    starts = [one for one in await events(kafka_broker, REQUESTS) if "parent" in one["data"]]
    assert len({one["requestkey"] for one in starts}) == 1


def _owned(orchestrator: Orchestrator) -> list[int]:
    return [p.number for p in orchestrator.partitions if p.own.owns and p.ready]


async def _empty(
    full: BrokerSettings, embedded: EmbeddedBroker, make_topics: MakeTopics
) -> BrokerSettings:
    """A broker like the full one that holds nothing."""
    if full.embedded:
        return BrokerSettings.local(embedded.start(TOPICS), embedded=True)
    empty = full.model_copy(update={"topic_prefix": unique_prefix()})
    await make_topics(empty, TOPICS)
    return empty


def _both_have_changed(reader: Reader, parent: int) -> None:
    """The signal `s-1` is decided in parent and child, and neither has waited in vain."""
    both = (state_of(reader, parent), child_of(reader, parent))
    for one in both:
        facts = [fact for transition in reader.history(one.saga) for fact in transition.facts]
        assert not any(isinstance(fact, Faulted) for fact in facts), "nobody timed out"
    assert all(one.changed == {"order": 9} and not one.held for one in both)
    assert all(one.signals == {"s-1": ""} for one in both)


async def test_the_topics_are_lost_while_the_child_runs(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Law 14: filled again from the file, both go on at once, and what was held is decided."""
    await make_topics(any_broker, TOPICS)
    async with (
        participant(any_broker, silent("prepare")) as work,
        running(any_broker, tmp_path, ORDER, PACKING) as first,
    ):
        parent = await begin(first)
        await asked(work, "prepare")
        await first.door.signal(parent, REORDER, "", "ann", request="s-1", data={"new": 9})
        await eventually(lambda: child_of(first.reader, parent).held)
        assert state_of(first.reader, parent).held
    with EmbeddedBroker() as embedded:
        empty = await _empty(any_broker, embedded, make_topics)
        another = Orchestrator(settings(tmp_path), empty, Catalogue([ORDER, PACKING]), refill=True)
        async with participant(empty, succeed) as work:
            await another.start()
            try:
                ended = await another.wait_saga(parent, 20)
                assert ended is not None and ended.status == "completed"
                _both_have_changed(another.reader, parent)
            finally:
                await another.stop()
        done = [(c["step"], c["round"], c["data"]["order"]) for c in work.commands]
        once = list(dict.fromkeys(done))  # what is behind the mark is sent once more
        assert once == [("prepare", 1, 7), ("prepare", 2, 9), ("dispatch", 1, 9), ("ship", 1, 9)]
