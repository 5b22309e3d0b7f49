"""Looks at every record as it is appended: is it what the laws allow, given what stands in the log?

- the log is legal: what counts by the reading rule of law 9 folds to states (laws 1, 9);
- nothing is sent that does not stand in the log, and it is sent as it stands there (laws 2, 3);
- the sent mark is behind what was sent (law 3);
- no time-out is decided while a reply that came before it waits to be read (law 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from contracts.topics import DEAD_LETTERS, LOG, REPLIES, REQUESTS, partition_of_saga
from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition
from orchestrator.engine.evolve import NotAState, evolve
from orchestrator.engine.facts import Faulted, Sent, Transition
from orchestrator.engine.state import State
from orchestrator.runtime.wire import Post, rendered
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.records import Claim, LogRecord, TransitionRecord, decode_record
from tests.simulation.broker import Stored
from tests.simulation.loop import Node

_decode = msgspec.json.decode
Round = tuple[int, str, str, int]
Message = tuple[str, bytes]


class Owed(NamedTuple):
    """A message of the log that was not sent yet; ``command`` when only its attempt matters."""

    offset: int
    saga: int
    message: Message
    command: Sent | None


@dataclass
class Place:
    """The reading rule of law 9 in its own words, so that a wrong one in the product is seen."""

    log: str = ""
    epoch: str = ""
    number: int = 0
    offset: int = -1

    def counts(self, offset: int, record: LogRecord) -> bool:
        """Whether this record counts, which is the next one of its partition."""
        if isinstance(record, Claim):
            if record.log != (self.log or record.log):
                return False  # two found the topic empty: the first claim names the log
            self.log, self.epoch, self.number = record.log, record.epoch, 0
        elif (record.epoch, record.seq) != (self.epoch, self.number):
            return False
        else:
            self.number += 1
        self.offset = offset
        return True


def _identity(topic: str, value: bytes) -> Message:
    """A message but for what it says of other sagas, which is as of its sending."""
    if not topic.endswith(".commands"):
        return topic, value
    command: dict[str, Any] = _decode(value)
    command.pop("oldest", None)
    return topic, msgspec.json.encode(command)


class Audit:
    """``problems`` says what was not allowed, with the time; ``states`` is what the log says."""

    def __init__(self, settings: BrokerSettings, partitions: int, *, steady: bool) -> None:
        self.problems: list[str] = []
        self.states: dict[int, State] = {}
        self.letters: set[bytes | None] = set()
        self.refused: set[str] = set()
        self._post = Post(settings, partitions)
        self._steady = steady  # no clock is ever wrong, so times can be compared
        self.places: dict[int, Place] = {}
        self._known: set[Message] = set()
        self._owed: dict[int, list[Owed]] = {}
        self._sent: set[Message] = set()
        self._deadlines: dict[Round, int] = {}
        self._answered: dict[Round, int] = {}
        self._unreadable: dict[int, int] = {}

    def appended(self, place: TopicPartition, records: Sequence[Stored], node: Node | None) -> None:
        """A batch stands in a partition."""
        for record in records:
            try:
                self._look(place, record, node)
            except Exception as error:  # pylint: disable=broad-exception-caught
                self._wrong(record, f"the audit failed: {error!r}")

    def _look(self, place: TopicPartition, record: Stored, node: Node | None) -> None:
        if place.topic == LOG:
            self._log(place.partition, record)
        elif place.topic == REPLIES:
            self._reply(place.partition, record)
        elif place.topic == DEAD_LETTERS:
            self.letters.add(record.value)
        elif place.topic != REQUESTS:
            self._message(place.topic, record, node)

    def lost(self, place: TopicPartition, records: Sequence[Stored]) -> None:
        """A power cut took these replies: nobody can read them.

        Nor, perhaps, what is written in their place: aiokafka does not notice that a partition was
        cut back, and goes on where it was. That is a lost reply, as every retry takes it for one.
        """
        if place.topic == REPLIES:
            self._unreadable[place.partition] = records[-1].offset + 1
            for record in records:
                found = self._round(place.partition, record)
                if found is not None:
                    self._answered.pop(found, None)

    def unsent(self) -> list[str]:
        """Events in the log that nobody ever sent."""
        return [
            f"{owed.message[0]}: {owed.message[1]!r} was never sent (law 3)"
            for left in self._owed.values()
            for owed in left
            if owed.command is None and owed.message not in self._sent
        ]

    def _wrong(self, record: Stored, what: str) -> None:
        at = record.timestamp % 10_000_000
        self.problems.append(f"{record.topic}/{record.partition}@{record.offset} {at} ms: {what}")

    # ----------------------------------------------------------------------------- what counts

    def _log(self, partition: int, stored: Stored) -> None:
        try:
            record = decode_record(stored.value)
        except SagaLogError as error:
            self._wrong(stored, f"the log is not legal: {error}")
            return
        place = self.places.setdefault(partition, Place())
        if place.counts(stored.offset, record) and isinstance(record, TransitionRecord):
            self._mark(stored, record.sent)
            self._transition(stored, record.transition)

    def _transition(self, stored: Stored, transition: Transition) -> None:
        before = self.states.get(transition.saga)
        try:
            after = evolve(before, transition)
        except (NotAState, KeyError) as error:
            self._wrong(stored, f"saga {transition.saga} does not fold: {error}")
            return
        self.states[transition.saga] = after
        for fact in transition.facts:
            if isinstance(fact, Faulted) and fact.cause == "timeout":
                self._timeout(stored, transition.saga, fact, before)
        sent = [fact for fact in transition.facts if isinstance(fact, Sent)]
        for fact in sent:
            self._deadlines[transition.saga, fact.step, fact.direction, fact.round] = fact.deadline
        commands = iter(sent)
        owed = self._owed.setdefault(stored.partition, [])
        for out in rendered(self._post, after, transition):
            message = _identity(self._post.broker.topic(out.topic), out.record.value or b"")
            self._known.add(message)
            fact = next(commands) if out.topic.endswith(".commands") else None
            owed.append(Owed(stored.offset, transition.saga, message, fact))

    def _mark(self, stored: Stored, mark: int) -> None:
        owed = self._owed.get(stored.partition, [])
        left = [one for one in owed if one.message not in self._sent]
        self._owed[stored.partition] = left
        for one in left:
            if one.offset <= mark and (one.command is None or self._outstanding(one)):
                self._wrong(stored, f"marked as sent up to {mark}, and was not: {one} (law 3)")

    def _outstanding(self, owed: Owed) -> bool:
        sent, state = owed.command, self.states[owed.saga]
        step = state.steps.get(sent.step) if sent else None
        if sent is None or step is None or step.phase != "sent":
            return False
        return (step.direction, step.round, step.attempt) == (
            sent.direction,
            sent.round,
            sent.attempt,
        )

    # --------------------------------------------------------------------- what is sent and read

    def _message(self, topic: str, record: Stored, node: Node | None) -> None:
        if node is None or not node.name.startswith("orchestrator"):
            return
        message = _identity(topic, record.value or b"")
        if message in self._known:
            self._sent.add(message)
            return
        told: dict[str, Any] = _decode(record.value or b"{}")
        if told.get("type") == "SagaRefused":
            self.refused.add(told["data"]["request"])
            self.refused.add(told["requestkey"])
        else:
            self._wrong(record, f"sent, and does not stand in the log (law 2): {record.value!r}")

    def _reply(self, partition: int, record: Stored) -> None:
        found = self._round(partition, record)
        if found is not None and record.offset >= self._unreadable.get(partition, 0):
            self._answered.setdefault(found, record.timestamp)

    def _round(self, partition: int, record: Stored) -> Round | None:
        try:
            told = _decode(record.value or b"")
            saga = int(told["saga"])
            if told["outcome"] == "failed" or partition_of_saga(saga) != partition:
                return None
            return saga, told["step"], told["direction"], told["round"]
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            return None

    def _timeout(self, stored: Stored, saga: int, fact: Faulted, before: State | None) -> None:
        step = before.steps.get(fact.step) if before else None
        if step is None or not self._steady:
            return
        place = (saga, fact.step, fact.direction, step.round)
        at, deadline = self._answered.get(place), self._deadlines.get(place)
        if at is not None and deadline is not None and at < deadline:
            self._wrong(
                stored, f"{place} timed out at {deadline}, and the answer was there at {at} (law 5)"
            )
