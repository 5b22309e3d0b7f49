"""A participant that keeps the protocol, except for the flaws it is told to have.

What it remembers is in memory, its effect a number that grows: enough to be right or wrong with.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from contracts.envelope import HEADERS
from contracts.topics import DEAD_LETTERS, REPLIES
from infra.broker.clients import close_producer, make_consumer, make_producer
from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition

PARTITIONS = 2
COPIED = ("tenant", "saga", "step", "direction", "round", "attempt", "traceparent")
KNOWN = {"DoWork", "UndoWork"}
Json = dict[str, Any]
Reply = tuple[str, Json]


class Memory:
    """The rules of docs/protocol.md, "Being a participant", with flaws."""

    def __init__(self, flaw: str) -> None:
        self.flaw = flaw
        self.effects = 0
        self.stored: dict[tuple[str, ...], dict[tuple[str, int], Reply]] = {}

    def answer(self, command: Json) -> Reply:
        """The outcome of a command and its data."""
        stored = self.stored.setdefault(self._subject(command), {})
        key = (command["direction"], self._round(command))
        late = time.time() * 1_000 > int(command["deadline"]) + 2_000
        if late and self.flaw == "deadline-before-store":
            return _fault("expired")
        if key in stored and not self._does_again(key):
            return stored[key]
        if late and self.flaw != "ignores-deadline":
            if self.flaw == "stores-expired":
                stored[key] = _fault("expired")
            if self.flaw == "undo-expires-into-tombstone" and key[0] == "undo":
                stored[key] = ("succeeded", {})
            return _fault("expired")
        reply = self._act(command, stored)
        if reply[0] != "failed" or self.flaw == "stores-failures":
            stored[key] = reply
        if key[0] == "undo" and self.flaw == "undo-erases":
            stored.pop(("do", key[1]), None)
        return reply

    def _subject(self, command: Json) -> tuple[str, ...]:
        if self.flaw == "step-blind":
            return (command["tenant"], command["saga"])
        return (command["tenant"], command["saga"], command["step"])

    def _round(self, command: Json) -> int:
        if self.flaw == "round-blind":
            return 0
        if self.flaw == "round-of-the-attempt":
            return int(command["round"]) + int(command["attempt"]) - 1
        return int(command["round"])

    def _does_again(self, key: tuple[str, int]) -> bool:
        if key[0] == "do":
            return self.flaw == "doubles"
        return self.flaw == "undoes-twice"

    def _act(self, command: Json, stored: dict[tuple[str, int], Reply]) -> Reply:
        number = command["round"]
        if command["type"] not in KNOWN:
            return _fault("unknown_command")
        extra = set(command["data"]) - {"order"} or set(command) & {"futureattribute"}
        if "order" not in command["data"] or (extra and self.flaw == "strict"):
            return _fault("malformed_command")
        undone = max((r for (d, r), _ in stored.items() if d == "undo"), default=0)
        if command["direction"] == "undo":
            return self._undo(number, undone, stored)
        if self._closed(number, undone, stored):
            return _fault("tombstoned")
        refusals = [r for r in stored.values() if r[0] == "refused"]
        if refusals and self.flaw == "refused-for-ever":
            return refusals[0]
        if command["data"]["order"] == -1:
            return ("refused", {} if self.flaw == "no-reason" else _fault("no")[1])
        self.effects += 1
        return ("succeeded", {"job": self.effects})

    def _closed(self, number: int, undone: int, stored: dict[tuple[str, int], Reply]) -> bool:
        """Whether an undo stands in the way of a do of this round."""
        if self.flaw == "tombstone-for-ever" and undone:
            return True
        if self.flaw == "ended-by-undo" and ("do", undone) in stored:
            return True
        return number <= undone and self.flaw not in ("no-tombstones", "undo-erases")

    def _undo(self, number: int, undone: int, stored: dict[tuple[str, int], Reply]) -> Reply:
        done = [r for (d, r), reply in stored.items() if d == "do" and reply[0] == "succeeded"]
        reached = [r for r in done if undone < r <= number]
        if self.flaw == "undo-of-its-round":
            reached = [r for r in done if r == number]
        if self.flaw == "undo-fails":
            return _fault("exception")
        refusals = [r for r in stored.values() if r[0] == "refused"]
        if refusals and self.flaw == "refusals-count-as-done":
            return _fault("exception")
        if not reached and self.flaw == "needs-its-do":
            return ("refused", _fault("not_found")[1])
        if not reached and self.flaw != "undoes-twice":
            return ("succeeded", {})
        self.effects += 1
        return ("succeeded", {"undone": self.effects})


class FlawedParticipant:
    """The shell around it: reads batches from the topic, answers, keeps dead letters."""

    def __init__(self, broker: BrokerSettings, topic: str, flaw: str) -> None:
        self._broker = broker
        self._topic = broker.topic(topic)
        self._flaw = flaw
        self._memory = Memory(flaw)
        self._producer: Any = make_producer(broker)

    async def run(self) -> None:
        """Answer until cancelled, or until the flaw ends it."""
        consumer = make_consumer(self._broker)
        consumer.assign([TopicPartition(self._topic, p) for p in range(PARTITIONS)])
        await consumer.start()
        await self._producer.start()
        try:
            while True:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    await self._batch([record.value for record in records])
        finally:
            await consumer.stop()
            await close_producer(self._producer)

    async def _batch(self, values: list[bytes | None]) -> None:
        commands = [await self._read(value) for value in values]
        seen: dict[str, Reply] = {}
        for command in filter(None, commands):
            if self._flaw == "mute":
                continue
            reply = self._memory.answer(command)
            if self._flaw == "doubles-in-a-batch" and command["id"] in seen:
                reply = ("succeeded", {"job": -len(seen)})
            if self._flaw == "answers-a-batch-once" and command["id"] in seen:
                continue
            seen[command["id"]] = reply
            asked = command
            if self._flaw == "mixes-sagas" and len(commands) > 1:
                asked = command | {"saga": commands[-1]["saga"], "id": commands[-1]["id"]}
            await self._send(asked, reply)

    async def _read(self, value: bytes | None) -> Json:
        """The command; empty when it is none, or is passed over."""
        try:
            command = json.loads(value or b"")
            assert isinstance(command, dict) and isinstance(command["saga"], str)
        except (ValueError, AssertionError, KeyError):
            if self._flaw == "dies-of-garbage":
                raise
            if self._flaw != "swallows-garbage":
                await self._producer.send_and_wait(
                    self._broker.topic(DEAD_LETTERS), value, key=b"k"
                )
            return {}
        if self._flaw == "swallows-unknown" and command["type"] not in KNOWN:
            return {}
        if self._flaw == "dies-of-unknown":
            assert command["type"] in KNOWN
        return command

    async def _send(self, command: Json, reply: Reply) -> None:
        message = self._message(command, reply)
        topic, partition = command["replytopic"], command["replypartition"]
        if self._flaw == "wrong-partition":
            partition = 0
        if self._flaw == "wrong-topic":
            topic = self._broker.topic(REPLIES)
        bare = self._flaw == "bare-record"
        await self._producer.send_and_wait(
            topic,
            json.dumps(message).encode(),
            key=None if bare else command["saga"].encode(),
            partition=partition,
            headers=[] if bare else HEADERS,
        )

    def _message(self, command: Json, reply: Reply) -> Json:
        outcome, data = reply
        kind = "WorkDone" if outcome == "succeeded" else outcome.title()
        same = {name: command[name] for name in COPIED if name in command}
        base = {"specversion": "1.0", "id": command["id"], "source": "flawed", "type": kind}
        message: Json = {**base, **same, "outcome": outcome, "data": data}
        changes: dict[str, Json] = {
            "own-ids": {"id": f"reply-{self._memory.effects}-{time.time_ns()}"},
            "id-of-the-round": {"id": command["idempotencykey"]},
            "numbers": {"saga": int(command["saga"]), "tenant": int(command["tenant"])},
            "narrow-numbers": {"saga": str(min(int(command["saga"]), 2**53 - 2))},
            "rounded-numbers": {"saga": str(int(command["saga"]) // 1024 * 1024)},
            "no-outcome": {"outcome": "ok"},
        }
        message |= changes.get(self._flaw, {})
        if self._flaw == "no-trace":
            message.pop("traceparent", None)
        return message


def _fault(code: str) -> Reply:
    return ("failed", {"code": code, "reason": f"it is {code}"})


@asynccontextmanager
async def flawed(broker: BrokerSettings, topic: str, flaw: str) -> AsyncIterator[None]:
    """A participant with this flaw, running."""
    task = asyncio.create_task(FlawedParticipant(broker, topic, flaw).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ValueError, AssertionError, KeyError):
            await task
