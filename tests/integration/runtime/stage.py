"""A stage for the real runtime: a small definition, a participant on the bare client, an
application.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from contracts.topics import DEAD_LETTERS, EVENTS, LOG, REPLIES, REQUESTS
from infra.broker.clients import close_producer, make_consumer, make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord
from infra.clock import Clock
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import Call, Definition, Emit, Kind, Node, Retry, Step, version
from orchestrator.definition.words.builder import Saga
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.settings import Settings

PARTITIONS = 2
COMMANDS = "work.commands"
FACTS = "work.events"
TOPICS = {
    REQUESTS: PARTITIONS,
    REPLIES: PARTITIONS,
    LOG: PARTITIONS,
    EVENTS: PARTITIONS,
    DEAD_LETTERS: PARTITIONS,
    COMMANDS: 3,
    FACTS: 1,
}


class Order(BaseModel):
    """What a saga of the stage is about."""

    order: int


def step(
    name: str, timeout_ms: int = 30_000, attempts: int = 3, kind: Kind = "compensatable"
) -> Step:
    """A step of the stage."""
    retry = Retry(attempts=attempts, initial_ms=50, maximum_ms=200)
    return Step(
        name=name,
        kind=kind,
        do=Call(f"Do{name}", COMMANDS, {"order": "input.order"}),
        undo=(
            Call(f"Undo{name}", COMMANDS, {"order": "input.order"})
            if kind == "compensatable"
            else None
        ),
        timeout_ms=timeout_ms,
        retry=retry,
        undo_timeout_ms=30_000,
        undo_retry=retry,
        refusals={"no": 409},
    )


def child(name: str, timeout_ms: int = 30_000) -> Step:
    """A step that another saga of that name does, which has a point of no return."""
    return Step(
        name=name,
        kind="pivot",
        do=Call(name, REQUESTS, {"order": "input.order"}, ("order",)),
        undo=None,
        timeout_ms=timeout_ms,
        retry=Retry(attempts=0, initial_ms=50, maximum_ms=200),
        undo_timeout_ms=30_000,
        undo_retry=Retry(attempts=1),
        refusals={"no": 409, "cancelled": 409},
        child=name,
    )


def saga(*nodes: Node, name: str = "work", **changes: Any) -> Saga:
    """A saga of these nodes that tells its end; ``changes`` are fields of its definition."""
    fields = {"order": "input.order"}
    done = Emit("WorkDone", FACTS, "input.order", fields)
    failed = Emit("WorkFailed", FACTS, "input.order", fields)
    definition = Definition(name, {}, nodes, (), (done,), (failed,), **changes)
    return Saga(definition, Order, version(definition))


def settings(folder: Path, **changes: Any) -> Settings:
    """Settings of one process."""
    return Settings(data=folder, partitions=PARTITIONS, allow_weak_log=True, **changes)


Behaviour = Callable[[dict[str, Any]], dict[str, Any] | None]


def succeed(_command: dict[str, Any]) -> dict[str, Any] | None:
    """The participant does what it is told."""
    return {"outcome": "succeeded", "data": {}}


def silent(*steps: str) -> Behaviour:
    """A participant that never answers for these steps."""

    def behave(command: dict[str, Any]) -> dict[str, Any] | None:
        return None if command["step"] in steps else succeed(command)

    return behave


def refuse(*steps: str) -> Behaviour:
    """It refuses to do these steps."""

    def behave(command: dict[str, Any]) -> dict[str, Any] | None:
        if command["step"] in steps and command["direction"] == "do":
            return {"outcome": "refused", "data": {"code": "no", "reason": "no"}}
        return succeed(command)

    return behave


class Participant:
    """Forty lines of a participant, on the bare client: takes commands, answers as told."""

    def __init__(self, broker: BrokerSettings, behave: Behaviour) -> None:
        self.broker = broker
        self.behave = behave
        self.commands: list[dict[str, Any]] = []
        self._producer: Any = None

    async def run(self, ready: asyncio.Event) -> None:
        """Answer commands until cancelled."""
        topic = self.broker.topic(COMMANDS)
        consumer = make_consumer(self.broker, [topic], group_id=self.broker.topic("participant"))
        producer: Any = make_producer(self.broker)
        self._producer = producer
        await consumer.start()
        await producer.start()
        try:
            ready.set()
            while True:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        await self._handle(json.loads(record.value or b""))
                    await consumer.commit(dict(_ends(records)))
        finally:
            await consumer.stop()
            await close_producer(producer)

    async def _handle(self, command: dict[str, Any]) -> None:
        self.commands.append(command)
        await self.answer(command)

    async def answer(self, command: dict[str, Any]) -> None:
        """Answer a command as told now, perhaps long after it came."""
        answer = self.behave(command)
        if answer is not None:
            reply = reply_to(command, **answer)
            await self._producer.send(
                command["replytopic"],
                json.dumps(reply).encode(),
                partition=command["replypartition"],
            )


def _ends(records: list[ConsumedRecord]) -> list[tuple[Any, int]]:
    from aiokafka import TopicPartition  # pylint: disable=import-outside-toplevel

    return [(TopicPartition(r.topic, r.partition), r.offset + 1) for r in records[-1:]]


def reply_to(command: dict[str, Any], outcome: str, data: dict[str, Any]) -> dict[str, Any]:
    """The reply to a command."""
    same = ("specversion", "tenant", "saga", "step", "direction", "round", "attempt")
    return {
        **{name: command[name] for name in same},
        "id": command["id"],
        "source": "work",
        "type": "Done" if outcome == "succeeded" else "Refused",
        "outcome": outcome,
        "data": data,
    }


@asynccontextmanager
async def participant(
    broker: BrokerSettings, behave: Behaviour = succeed
) -> AsyncIterator[Participant]:
    """A participant that runs."""
    found = Participant(broker, behave)
    ready = asyncio.Event()
    task = asyncio.create_task(found.run(ready))
    await ready.wait()
    try:
        yield found
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def running(
    broker: BrokerSettings, folder: Path, *sagas: Saga, clock: Clock | None = None, **changes: Any
) -> AsyncIterator[Orchestrator]:
    """An orchestrator that runs and is ready."""
    orchestrator = Orchestrator(settings(folder, **changes), broker, Catalogue(sagas), clock)
    await orchestrator.start()
    try:
        await eventually(lambda: orchestrator.health().ready)
        yield orchestrator
    finally:
        await orchestrator.stop()


async def eventually(true: Callable[[], Any], timeout_s: float = 30.0) -> None:
    """Wait until it is true; fails when it is not in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not true():
        assert loop.time() < deadline, f"not in {timeout_s} s"
        await asyncio.sleep(0.01)


async def read_all(broker: BrokerSettings, topic: str) -> list[ConsumedRecord]:
    """Everything that stands on a topic now."""
    from aiokafka import TopicPartition  # pylint: disable=import-outside-toplevel

    consumer = make_consumer(broker)
    await consumer.start()
    try:
        name = broker.topic(topic)
        tps = [TopicPartition(name, p) for p in range(TOPICS[topic])]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        firsts = await consumer.beginning_offsets(tps)
        for tp in tps:
            consumer.seek(tp, firsts[tp])
        found: list[ConsumedRecord] = []
        while len(found) < sum(ends[tp] - firsts[tp] for tp in tps):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += records
        return found
    finally:
        await consumer.stop()


async def events(broker: BrokerSettings, topic: str) -> list[dict[str, Any]]:
    """The messages of a topic, decoded."""
    return [json.loads(record.value or b"") for record in await read_all(broker, topic)]
