"""Looks at every record as it is appended: is it what the laws allow, given what stands in the log?

- the log is legal: what counts by the reading rule of law 9 folds to states (laws 1, 9);
- nothing is sent that does not stand in the log, and it is sent as it stands there (laws 2, 3);
- the sent mark is behind what was sent (law 3);
- no time-out is decided while a reply that came before it waits to be read (law 5);
- a signal is decided once (law 4); parents and children agree (``kinship``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from contracts.topics import DEAD_LETTERS, LOG, REPLIES, REQUESTS, partition_of_saga
from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition
from orchestrator.engine.evolve import NotAState, evolve
from orchestrator.engine.facts import Faulted, Sent, Signalled, SignalRefused, Transition
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.records import Claim, LogRecord, TransitionRecord, decode_record
from tests.simulation.broker import Stored
from tests.simulation.kinship import Kinship
from tests.simulation.loop import Node
from tests.simulation.outbox import Outbox

_decode = msgspec.json.decode
Round = tuple[int, str, str, int]


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


class Audit:
    """``problems`` says what was not allowed, with the time; ``states`` is what the log says,
    ``inputs`` which saga has decided which input, ``orders`` what each round was asked to do.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        partitions: int,
        plans: Mapping[str, Plan],
        *,
        steady: bool,
    ) -> None:
        self.problems: list[str] = []
        self.states: dict[int, State] = {}
        self.inputs: set[tuple[int, str]] = set()
        self.orders: dict[Round, set[object]] = {}
        self.letters: set[bytes | None] = set()
        self.places: dict[int, Place] = {}
        self.outbox = Outbox(settings, partitions)
        self.kinship = Kinship(plans)
        self._steady = steady  # no clock is ever wrong, so times can be compared
        self._by_key: dict[tuple[str, str], int] = {}
        self._fates: set[tuple[int, str]] = set()
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
            return
        if place.topic == DEAD_LETTERS:
            self.letters.add(record.value)
            return
        if node is not None and node.name.startswith("orchestrator"):
            self._all(record, self.outbox.sends(record))
        if place.topic == REPLIES:
            self._reply(place.partition, record)
        if place.topic in (REPLIES, REQUESTS):
            self.outbox.request(record)

    def find(self, definition: str, key: str, saga: int = 0) -> State | None:
        """The saga of this id, or else of this request key."""
        return self.states.get(saga or self._by_key.get((definition, key), 0))

    def decided(self, definition: str, key: str) -> bool:
        """Whether the start of this request key has become a saga, or was refused."""
        return (definition, key) in self._by_key or key in self.outbox.refused

    def lost(self, place: TopicPartition, records: Sequence[Stored]) -> None:
        """A power cut took these replies: nobody can read them.

        Nor, perhaps, what is written in their place: aiokafka does not notice that a partition was
        cut back, and goes on where it was. That is a lost reply, as every retry takes it for one.
        """
        if place.topic == REPLIES:
            # A reader may stand where an earlier cut has left it, behind what this one took.
            before = self._unreadable.get(place.partition, 0)
            self._unreadable[place.partition] = max(before, records[-1].offset + 1)
            for record in records:
                found = self._round(place.partition, record)
                if found is not None:
                    self._answered.pop(found, None)

    def lost_everything(self) -> None:
        """The topics are empty: what is true now is what is written into them again (law 14)."""
        self.states.clear()
        self.inputs.clear()
        self.places.clear()
        self._by_key.clear()
        self._fates.clear()
        self._answered.clear()
        self._unreadable.clear()
        self.kinship.forget()
        self.outbox.lost()

    def _wrong(self, record: Stored, what: str) -> None:
        at = record.timestamp % 10_000_000
        self.problems.append(f"{record.topic}/{record.partition}@{record.offset} {at} ms: {what}")

    def _all(self, record: Stored, wrong: Iterable[str]) -> None:
        for what in wrong:
            self._wrong(record, what)

    # ----------------------------------------------------------------------------- what counts

    def _log(self, partition: int, stored: Stored) -> None:
        try:
            record = decode_record(stored.value)
        except SagaLogError as error:
            self._wrong(stored, f"the log is not legal: {error}")
            return
        place = self.places.setdefault(partition, Place())
        if place.counts(stored.offset, record) and isinstance(record, TransitionRecord):
            self._all(stored, self.outbox.marked(stored, record.sent, self.states))
            self._transition(stored, record.transition)

    def _transition(self, stored: Stored, transition: Transition) -> None:
        before = self.states.get(transition.saga)
        try:
            after = evolve(before, transition)
        except (NotAState, KeyError) as error:
            self._wrong(stored, f"saga {transition.saga} does not fold: {error}")
            return
        self.states[transition.saga] = after
        self._by_key[after.definition, after.key] = after.saga
        self.inputs.add((after.saga, transition.input))
        for fact in transition.facts:
            if isinstance(fact, Faulted) and fact.cause == "timeout":
                self._timeout(stored, transition.saga, fact, before)
            elif isinstance(fact, Sent):
                place = (transition.saga, fact.step, fact.direction, fact.round)
                self._deadlines[place] = fact.deadline
                self.orders.setdefault(place, set()).add(fact.data.get("order"))
            elif isinstance(fact, Signalled | SignalRefused):
                self._fate(stored, after, fact)
        self._all(stored, self.kinship.look(before, after, transition, self.states))
        self.outbox.logged(stored, transition, after)

    def _fate(self, stored: Stored, after: State, fact: Signalled | SignalRefused) -> None:
        if (after.saga, fact.id) in self._fates:
            self._wrong(stored, f"saga {after.saga}: {fact}, decided before (law 4)")
        self._fates.add((after.saga, fact.id))

    # --------------------------------------------------------------------- what is sent and read

    def _reply(self, partition: int, record: Stored) -> None:
        found = self._round(partition, record)
        if found is not None and record.offset >= self._unreadable.get(partition, 0):
            self._answered.setdefault(found, record.timestamp)

    def _round(self, partition: int, record: Stored) -> Round | None:
        try:
            told = _decode(record.value or b"")
            saga = int(told["saga"])
            if told["outcome"] in ("failed", "answered") or partition_of_saga(saga) != partition:
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
