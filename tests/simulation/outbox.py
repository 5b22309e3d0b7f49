"""What the log says is to be sent, and what was (laws 2 and 3)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from contracts.topics import REPLIES, REQUESTS
from infra.broker.settings import BrokerSettings
from orchestrator.engine.facts import Sent, Transition
from orchestrator.engine.state import State
from orchestrator.runtime.messages import Outgoing
from orchestrator.runtime.wire import Post, rendered
from tests.simulation.broker import Stored

_decode = msgspec.json.decode
Message = tuple[str, bytes]
Matters = Callable[[State], bool]
"""Whether a message still matters to its saga: of commands only the outstanding attempt does."""


class Owed(NamedTuple):
    """A message of the log that was not sent yet."""

    offset: int
    saga: int
    message: Message
    matters: Matters | None


def identity(topic: str, value: bytes) -> Message:
    """A message but for what it says of other sagas, which is as of its sending."""
    if not topic.endswith(".commands"):
        return topic, value
    command: dict[str, Any] = _decode(value)
    command.pop("oldest", None)
    return topic, msgspec.json.encode(command)


class Outbox:
    """``refused`` are the ids and keys of starts that became no saga."""

    def __init__(self, settings: BrokerSettings, partitions: int) -> None:
        self.refused: set[str] = set()
        self._post = Post(settings, partitions)
        self._known: set[Message] = set()
        self._owed: dict[int, list[Owed]] = {}
        self._sent: set[Message] = set()
        self._said: set[bytes] = set()
        self._acted: set[Message] = set()
        self._logged: set[Message] = set()

    def logged(self, stored: Stored, transition: Transition, after: State) -> None:
        """A transition stands in the log: it is the outbox."""
        sent = iter([fact for fact in transition.facts if isinstance(fact, Sent)])
        owed = self._owed.setdefault(stored.partition, [])
        for out in rendered(self._post, after, transition):
            message = identity(self._post.broker.topic(out.topic), out.record.value or b"")
            self._known.add(message)
            if self._acted:
                self._logged.add(message)
            owed.append(Owed(stored.offset, transition.saga, message, _matters(out, sent)))

    def marked(self, stored: Stored, mark: int, states: Mapping[int, State]) -> Iterator[str]:
        """The sent mark stands at this offset: what is marked as sent and was not."""
        owed = self._owed.get(stored.partition, [])
        left = [one for one in owed if one.message not in self._sent]
        self._owed[stored.partition] = left
        for one in left:
            if one.offset <= mark and _still(one, states):
                yield f"marked as sent up to {mark}, and was not: {one} (law 3)"

    def lost(self) -> None:
        """The topics are empty: all is owed again, and whatever was sent must come to be logged."""
        self._acted |= self._sent
        self._logged.clear()
        self._sent.clear()
        self._owed.clear()

    def forgotten(self) -> list[str]:
        """What was sent before everything was lost, and does not stand in the log made anew."""
        gone = self._acted - self._logged
        return [f"{topic}: {value!r} was sent, and is in no log (law 14)" for topic, value in gone]

    def request(self, record: Stored) -> None:
        """Somebody asks for something: it may be forwarded."""
        self._said.add(record.value or b"")

    def sends(self, record: Stored) -> Iterator[str]:
        """An orchestrator has sent this: what is wrong with that."""
        value = record.value or b""
        message = identity(record.topic, value)
        if message in self._known:
            self._sent.add(message)
            return
        if record.topic in (REQUESTS, REPLIES) and value in self._said:
            return  # forwarded: it belongs to another partition
        told: dict[str, Any] = _decode(value or b"{}")
        if told.get("type") == "SagaRefused":
            self.refused.add(told["data"]["request"])
            self.refused.add(told["requestkey"])
        elif not (record.topic == REPLIES and self._never_begun(told)):
            yield f"sent, and does not stand in the log (law 2): {value!r}"

    def _never_begun(self, told: dict[str, Any]) -> bool:
        """Whether a parent is told that its child was refused before it began."""
        key = f"{told['tenant']}/{told['saga']}/{told['step']}/{told['direction']}/{told['round']}"
        return told["outcome"] == "refused" and key in self.refused

    def unsent(self, states: Mapping[int, State]) -> list[str]:
        """What the log owes and nobody ever sent."""
        return [
            f"{owed.message[0]}: {owed.message[1]!r} was never sent (law 3)"
            for left in self._owed.values()
            for owed in left
            if owed.message not in self._sent and _still(owed, states)
        ]


def _still(owed: Owed, states: Mapping[int, State]) -> bool:
    return owed.matters is None or owed.matters(states[owed.saga])


def _matters(out: Outgoing, sent: Iterator[Sent]) -> Matters | None:
    told: dict[str, Any] = {}
    if out.topic == REQUESTS:
        told = _decode(out.record.value or b"{}")
    if out.topic.endswith(".commands") or told.get("type") == "saga.start":
        return _outstanding(next(sent))
    return _running(told["requestkey"]) if told else None


def _outstanding(sent: Sent) -> Matters:
    def matters(state: State) -> bool:
        step = state.steps.get(sent.step)
        return (
            step is not None
            and step.phase == "sent"
            and (step.direction, step.round, step.attempt)
            == (sent.direction, sent.round, sent.attempt)
        )

    return matters


def _running(key: str) -> Matters:
    """A signal for a child matters while the child runs; ``key`` is that of the child's start."""
    _, _, name, _, number = key.split("/")

    def matters(state: State) -> bool:
        step = state.steps[name]
        return step.waits and step.round == int(number)

    return matters
