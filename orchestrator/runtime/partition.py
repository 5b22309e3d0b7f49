"""One partition: drives its ownership, and does what that says (DESIGN laws 2, 3, 9 and 14).

Everything happens on one event loop; ``tell`` is synchronous, so an event and its actions are never
interrupted. What takes time is a task that ends in an event.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

import msgspec

from infra.broker.errors import BrokerError
from infra.broker.types import ConsumedRecord, KafkaError, Record
from infra.clock import Clock
from infra.logging import get_logger
from orchestrator.runtime import happenings as h
from orchestrator.runtime.adoption import Adopter
from orchestrator.runtime.counting import Counting
from orchestrator.runtime.decisions import Decided, Decisions
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.effects import Effects
from orchestrator.runtime.errors import ClaimIgnored, IllegalEvent, RuntimeFailure
from orchestrator.runtime.log_writer import Lane, LogWriter
from orchestrator.runtime.outstanding import Outstanding
from orchestrator.runtime.ownership import Ownership, step
from orchestrator.runtime.spans import SagaSpans
from orchestrator.runtime.telling import tell
from orchestrator.runtime.wire import Outgoing, Refused
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.records import Claim, encode_record
from orchestrator.sagalog.rows import HeldTransition
from orchestrator.sagalog.store import SagaLog

REQUESTS, REPLIES = 0, 1
"""Places of the two inputs in ``Positions``."""

NEVER: Final = 1 << 62
MAX_UNDER_WAY: Final = 64
"""Spans decided and not yet committed; beyond that the inputs wait."""
RESEND_MESSAGES: Final = 2_000
_EXPECTED: Final = (KafkaError, BrokerError, SagaLogError, RuntimeFailure, OSError)
_log = get_logger(__name__)


class Inputs(Protocol):
    """Where inputs come from, for one partition."""

    async def open(self, partition: int, start: h.Positions) -> h.Positions: ...
    def close(self, partition: int) -> None: ...
    def hold(self, partition: int, source: int, held: bool) -> None: ...


class Services(Protocol):
    """What all partitions of a process share."""

    clock: Clock
    counting: Counting
    outstanding: Outstanding
    spans: SagaSpans | None
    log: SagaLog
    writer: LogWriter
    adopter: Adopter
    effects: Effects
    inputs: Inputs
    owner: str

    def commit(self, partition: "Partition", spans: Sequence[h.Span]) -> None: ...
    def fresh_id(self) -> str: ...
    def pause_s(self) -> float: ...
    def refused(self, refusals: Sequence[Refused], /) -> None: ...
    def set_aside(self, partition: int, reason: str) -> None: ...
    def follow(self, partition: int) -> None: ...
    def unfollow(self, partition: int) -> None: ...
    def render(self, decided: Decided, attempts: bool) -> list[Outgoing]: ...


class Partition:
    """The runtime of one partition in this process."""

    def __init__(self, number: int, services: Services, desk: Desk) -> None:
        self.number = number
        self.own = Ownership()
        self.desk = desk
        self.positions: h.Positions = h.NOWHERE
        self.ready = False  # inputs are open
        self.next_wake = NEVER
        self.look_again = False  # wake-ups were decided: ask SQLite for the next one
        self.trouble = ""
        self._services = services
        self._runs: dict[int, Decisions] = {}
        self._lane: Lane | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._held = (False, False)
        self._kept_mark = -1
        self._committed = asyncio.Event()
        self._do: dict[type, Callable[[Any], None]] = {
            h.Inspect: self._inspect,
            h.SetAside: self._set_aside,
            h.AppendClaim: self._append_claim,
            h.ReadUpTo: self._read_up_to,
            h.Refill: self._refill,
            h.Own: self._take_over,
            h.Append: self._append,
            h.ReadBetween: self._read_between,
            h.Commit: self._commit,
            h.Act: self._act,
            h.Relinquish: self._relinquish,
        }

    # ----------------------------------------------------------------------------- from outside

    def tell(self, event: h.Event) -> None:
        """Something happened: change the ownership, and do what follows."""
        try:
            self.own, actions = step(self.own, event)
        except IllegalEvent:
            _log.exception("an event that cannot happen", partition=self.number)
            self.broken("an event that cannot happen")
            return
        for action in actions:
            self._do[type(action)](action)

    def broken(self, reason: str) -> None:
        """Something failed that should not: begin again from what the log says."""
        if self.own.phase not in ("released", "replaced"):
            self.tell(h.Failed(self.own.epoch, reason))

    def assigned(self) -> None:
        """The group gave us this partition."""
        self._services.unfollow(self.number)
        self._start(self._claim())

    def take(self, source: int, records: Sequence[ConsumedRecord]) -> None:
        """Decide inputs, in their order; without ownership they are left alone."""
        if not (self.own.owns and self.ready):
            return
        at = self._services.clock.now_ms()
        decide = self.desk.request if source == REQUESTS else self.desk.reply
        run = self._open()
        for record in records:
            if record.offset < self.positions[source]:
                continue
            decide(record, at, run)
            self._move(source, record.offset + 1)
            if run.full:
                self._close(run)
                run = self._open()
        self._close(run)
        self.balance()

    def wake(self, sagas: Sequence[int], at: int) -> bool:
        """Decide wake-ups; whether there was anything to decide."""
        run = self._open()
        for saga in sagas:
            self.desk.woken(saga, at, run)
            if run.full:
                self._close(run)
                run = self._open()
        found = not run.empty
        if found:
            self._close(run)
        return found

    def reconcile(self, sagas: Sequence[int]) -> None:
        """See to sagas that nothing would ever wake (law 12)."""
        run = self._open()
        for saga in sagas:
            self.desk.reconcile(saga, self._services.clock.now_ms(), run)
        if not run.empty:
            self._close(run)

    def fill(self, batch: Batch, spans: Sequence[h.Span]) -> None:
        """Put confirmed spans into the transaction that writes them."""
        for span in spans:
            run = self._runs[span.id]
            for offset, entry in enumerate(run.entries, span.base):
                if isinstance(entry, Decided):
                    batch.add(offset, entry.sealed, entry.state)
                else:
                    batch.define(self.number, offset, entry.version, entry.raw)
        last = spans[-1]
        own, now = self.own, self._services.clock.now_ms()
        epoch = self._runs[last.id].epoch
        place = last.base + last.count - 1
        facts = PartitionFacts(
            self.number, own.log, epoch, last.first + last.count, place, own.sent, now
        )
        batch.keep(facts)

    def committed(self, spans: Sequence[h.Span]) -> None:
        """The transaction that writes these spans is on the disk."""
        for span in spans:
            run = self._runs[span.id]
            self.desk.committed(run)
            self._services.counting.committed(self.number, run)
            for decided in run.decided():
                self._services.outstanding.committed(decided)
            if not self.own.refill:  # what is filled in again is old news
                tell(run.decided())
                if self._services.spans is not None:
                    self._services.spans.committed(run.decided())
            for _, state in run.decided():
                if 0 < state.wake_at < self.next_wake:
                    self.next_wake = state.wake_at
        if self.look_again and self.own.owns:
            self.look_again = False
            wake = self._services.log.next_wake(self.number)
            self.next_wake = min(self.next_wake, NEVER if wake is None else wake)
        self.tell(h.Committed(len(spans)))
        for span in spans:
            self._runs.pop(span.id, None)
        self._committed.set()
        self.balance()

    def keep_mark(self, batch: Batch) -> None:
        """Put the sent mark on the disk where nothing else will: what is sent is not sent again."""
        if self.own.owns and self.idle and self.own.sent > self._kept_mark:
            facts = self._services.log.partition_facts(self.number)
            if facts is not None and facts.epoch == self.own.epoch:
                self._kept_mark = self.own.sent
                batch.keep(msgspec.structs.replace(facts, sent=self.own.sent))

    def revoke(self) -> None:
        """The partition is taken away, or we stop."""
        self.tell(h.Revoked())

    async def reopen(self) -> None:
        """A rebalance left us this partition: the group's consumer has forgotten where it was."""
        if self.ready:
            self._held = (False, False)
            await self._services.inputs.open(self.number, self.positions)

    def stop(self) -> None:
        """End every task; the process is going."""
        for task in self._tasks:
            task.cancel()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not (self.own.appended or self.own.confirmed)

    # --------------------------------------------------------------------------------- deciding

    def _open(self) -> Decisions:
        return Decisions(self.own.epoch, self.own.seq, self.own.sent)

    def _close(self, run: Decisions) -> None:
        number = self.own.spans
        self._runs[number] = run
        self.tell(h.Decided(run.epoch, len(run.records), self.positions, bool(run.answers)))

    def _move(self, source: int, offset: int) -> None:
        requests, replies = self.positions
        self.positions = (offset, replies) if source == REQUESTS else (requests, offset)

    def balance(self) -> None:
        """Slow the inputs down while too much is under way, and the intake while too much is
        out.
        """
        if not self.ready:
            return
        under_way = len(self.own.appended) + len(self.own.confirmed)
        replies = under_way > (MAX_UNDER_WAY // 2 if self._held[REPLIES] else MAX_UNDER_WAY)
        wanted = (replies or self._services.outstanding.full, replies)
        for source in (REQUESTS, REPLIES):
            if wanted[source] != self._held[source]:
                self._services.inputs.hold(self.number, source, wanted[source])
        self._held = wanted

    # ---------------------------------------------------------------------------------- actions

    def _inspect(self, action: h.Inspect) -> None:
        async def inspect() -> None:
            found = await self._services.adopter.compare(self.number, action.file)
            fresh = self._services.fresh_id
            self.tell(h.Inspected(found.log, found.matches, fresh(), fresh()))

        self._start(inspect())

    def _set_aside(self, action: h.SetAside) -> None:
        self._services.set_aside(self.number, action.reason)

    def _append_claim(self, action: h.AppendClaim) -> None:
        claim = Claim(action.log, action.epoch, self._services.clock.now_ms(), self._services.owner)

        async def append() -> None:
            self._lane = await self._services.writer.lane(self.number)
            offset = await self._lane.submit([Record(None, encode_record(claim))])
            self.tell(h.ClaimAcknowledged(action.epoch, offset))

        self._start(append())

    def _read_up_to(self, action: h.ReadUpTo) -> None:
        epoch = self.own.epoch

        async def read() -> None:
            adopter = self._services.adopter
            found = await adopter.read(self.number, action.offset + 1, action.again)
            if not found.foreign and found.epoch != epoch:
                raise ClaimIgnored
            self.tell(h.Adopted(epoch, found.sent, found.foreign, found.missing))

        self._start(read())

    def _refill(self, _: h.Refill) -> None:
        """Append what the topic has lost, as fast as it is confirmed."""
        _log.warning(
            "the log on the topic is shorter than the file: refilling", partition=self.number
        )
        self.desk.open()
        log = self._services.log

        async def refill() -> None:
            run = self._open()
            for held in log.displaced(self.number):
                saga = held.sealed.transition.saga if isinstance(held, HeldTransition) else None
                state = None if saga is None else self.desk.states.get(saga)
                run.again(held, state)
                if run.full:
                    self._close_refill(run)
                    await self._settled(MAX_UNDER_WAY)
                    run = self._open()
            if not run.empty:
                self._close_refill(run)
            await self._settled(0)
            self.tell(h.Refilled(self.own.epoch))

        self._start(refill())

    def _close_refill(self, run: Decisions) -> None:
        for _, state in run.decided():
            self.desk.states.decided(state)
        self._close(run)

    async def _settled(self, most: int) -> None:
        while len(self.own.appended) + len(self.own.confirmed) > most:
            self._committed.clear()
            await self._committed.wait()

    def _take_over(self, action: h.Own) -> None:
        self.desk.open()
        self.trouble = ""
        self._kept_mark = -1
        wake = self._services.log.next_wake(self.number)
        self.next_wake = NEVER if wake is None else wake
        epoch, start, stop = self.own.epoch, self.own.inputs, self.own.expected
        _log.info("partition owned", partition=self.number, epoch=epoch)

        async def open_inputs() -> None:
            self.positions = await self._services.inputs.open(self.number, start)
            self.ready = True
            await self._resend(epoch, action.sent, stop)

        self._start(open_inputs())

    async def _resend(self, epoch: str, sent: int, stop: int) -> None:
        """Send again what lies behind the sent mark; of commands only the outstanding ones."""
        messages: list[Outgoing] = []
        for held in self._services.log.suffix(self.number, sent + 1):
            if held.offset >= stop:
                break
            if isinstance(held, HeldTransition):
                state = self.desk.states.get(held.sealed.transition.saga)
                if state is not None:
                    decided = Decided(held.sealed, state)
                    messages += self._services.render(decided, False)
                    if self._services.spans is not None:
                        self._services.spans.committed((decided,))
            if len(messages) >= RESEND_MESSAGES:
                await self._sent(messages)
                messages = []
        await self._sent(messages)
        self.tell(h.Done(epoch, h.RESEND))

    async def _sent(self, messages: list[Outgoing]) -> None:
        done = asyncio.Event()
        self._services.effects.send(messages, done.set)
        await done.wait()

    def _append(self, action: h.Append) -> None:
        span = action.span
        run = self._runs[span.id]
        assert self._lane is not None
        counting, began = self._services.counting, self._services.clock.monotonic()
        future = self._lane.submit(run.records)
        epoch = run.epoch

        def answered(done: "asyncio.Future[int]") -> None:
            if done.cancelled():
                return
            error = done.exception()
            if error is None:
                counting.appended(self._services.clock.monotonic() - began)
                self.tell(h.Acknowledged(epoch, span.id, done.result()))
            else:
                self.tell(h.AppendFailed(epoch, str(error)))

        future.add_done_callback(answered)

    def _read_between(self, action: h.ReadBetween) -> None:
        epoch = self.own.epoch

        async def read() -> None:
            adopter = self._services.adopter
            claimed = await adopter.claimed_between(self.number, action.start, action.stop)
            self.tell(h.ReadBetweenDone(epoch, claimed))

        self._start(read())

    def _commit(self, action: h.Commit) -> None:
        self._services.commit(self, action.spans)

    def _act(self, action: h.Act) -> None:
        for span in action.spans:
            run = self._runs.pop(span.id)
            messages = list(run.answers)
            if run.refusals:
                self._services.refused(run.refusals)
            for decided in run.decided():
                messages += self._services.render(decided, True)
            epoch, number = run.epoch, span.id
            if messages:
                self._services.effects.send(
                    messages, lambda e=epoch, n=number: self.tell(h.Done(e, n))
                )
            else:
                self.tell(h.Done(epoch, number))

    def _relinquish(self, action: h.Relinquish) -> None:
        self.ready, self._held = False, (False, False)
        self.next_wake = NEVER
        self._services.inputs.close(self.number)
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        if self._lane is not None:
            self._lane.release(failed=action.again)
            self._lane = None
        kept = {span.id for span in self.own.confirmed}
        self._runs = {number: run for number, run in self._runs.items() if number in kept}
        self.trouble = action.reason
        if action.again:
            _log.warning("partition lost", partition=self.number, reason=action.reason)
            self._start(self._claim(self._services.pause_s()))
        else:
            _log.info("partition released", partition=self.number)
            self._services.follow(self.number)

    # ------------------------------------------------------------------------------------ tasks

    async def _claim(self, pause_s: float = 0.0) -> None:
        await asyncio.sleep(pause_s)
        while self.own.confirmed:  # what stands in the log is written first
            self._committed.clear()
            await self._committed.wait()
        self.tell(h.Assigned(self._services.adopter.mark(self.number)))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what takes time; whatever goes wrong ends this try to own the partition."""
        epoch = self.own.epoch

        async def run() -> None:
            try:
                await work
            except _EXPECTED as error:
                self._failed(epoch, f"{type(error).__name__}: {error}")
            except Exception as error:  # pylint: disable=broad-exception-caught
                _log.exception("a partition's task failed", partition=self.number)
                self._failed(epoch, f"{type(error).__name__}: {error}")

        task = asyncio.create_task(run(), name=f"partition-{self.number}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _failed(self, epoch: str, reason: str) -> None:
        if self.own.phase in ("released", "replaced"):
            self.trouble = reason
            self._start(self._claim(self._services.pause_s()))
        else:
            self.tell(h.Failed(epoch, reason))
