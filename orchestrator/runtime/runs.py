"""The decisions of one partition on their way: appended, written, acted on (DESIGN laws 2 and 3).

Which run may go on when is for the ownership to say; here it is done.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from orchestrator.runtime import happenings as h
from orchestrator.runtime.boundaries import REFILL, SENT_MARK, TRANSITIONS
from orchestrator.runtime.decisions import Decided, Decisions, Defined
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.log_writer import Lane
from orchestrator.runtime.ownership import Ownership
from orchestrator.runtime.services import NEVER, Services
from orchestrator.runtime.telling import tell
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.fold import PartitionFacts


class Host(Protocol):
    """The partition, as far as its runs need to know."""

    @property
    def number(self) -> int: ...
    @property
    def own(self) -> Ownership: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def positions(self) -> h.Positions: ...
    def tell(self, event: h.Event) -> None: ...


class Runs:
    """The runs under way, by the number of their span."""

    def __init__(self, host: Host, services: Services) -> None:
        self._host = host
        self._services = services
        self._runs: dict[int, Decisions] = {}

    def open(self) -> Decisions:
        """Begin a run of decisions."""
        own = self._host.own
        return Decisions(own.epoch, own.seq, own.sent)

    def close(self, run: Decisions) -> None:
        """The run is whole: append it."""
        host = self._host
        self._runs[host.own.spans] = run
        self._services.effects.backlog.decided(run.size)
        host.tell(h.Decided(run.epoch, len(run.records), host.positions, bool(run.answers)))

    def keep(self, spans: Sequence[h.Span]) -> None:
        """Forget all runs but those of these spans."""
        kept = {span.id for span in spans}
        for number in [number for number in self._runs if number not in kept]:
            self._take(number)

    def append(self, span: h.Span, lane: Lane) -> None:
        """Append a run through the lane of its epoch."""
        run = self._runs[span.id]
        counting, began = self._services.counting, self._services.clock.monotonic()
        boundary = REFILL if self._host.own.refill else TRANSITIONS
        future = lane.submit(run.records, boundary)
        epoch = run.epoch

        def answered(done: "asyncio.Future[int]") -> None:
            if done.cancelled():
                return
            error = done.exception()
            if error is None:
                counting.appended(self._services.clock.monotonic() - began)
                self._host.tell(h.Acknowledged(epoch, span.id, done.result()))
            else:
                self._host.tell(h.AppendFailed(epoch, str(error)))

        future.add_done_callback(answered)

    def fill(self, batch: Batch, spans: Sequence[h.Span]) -> None:
        """Put confirmed spans into the transaction that writes them."""
        for span in spans:
            run = self._runs[span.id]
            for offset, entry in enumerate(run.entries, span.base):
                if isinstance(entry, Decided):
                    batch.add(offset, entry.sealed, entry.state)
                elif isinstance(entry, Defined):
                    batch.define(self._host.number, offset, entry.version, entry.raw)
                else:
                    batch.roll_out(self._host.number, offset, entry.number, entry.rollout)
        last = spans[-1]
        own, now = self._host.own, self._services.clock.now_ms()
        epoch = self._runs[last.id].epoch
        place = last.base + last.count - 1
        facts = PartitionFacts(
            self._host.number, own.log, epoch, last.first + last.count, place, own.sent, now
        )
        batch.keep(facts)

    def committed(self, spans: Sequence[h.Span]) -> int:
        """The transaction that writes these spans is on the disk; when the first of their sagas
        wants to be woken.
        """
        wake = NEVER
        for span in spans:
            run = self._runs[span.id]
            self._host.desk.committed(run)
            again = self._host.own.refill
            self._services.counting.committed(self._host.number, run, again=again)
            if not again:  # what is filled in again is old news
                tell(run.decided)
                if self._services.spans is not None:
                    self._services.spans.committed(run.decided)
            for decided in run.decided:
                self._services.outstanding.committed(decided)
                due = decided.state.wake_at
                if 0 < due < wake:
                    wake = due
        return wake

    def forget(self, spans: Sequence[h.Span]) -> None:
        """These are over, acted on or not."""
        for span in spans:
            if span.id in self._runs:
                self._take(span.id)

    def act(self, spans: Sequence[h.Span]) -> None:
        """Send what these runs cause, and answer."""
        for span in spans:
            run = self._take(span.id)
            messages = list(run.answers)
            if run.refusals:
                self._services.refused(run.refusals)
            for decided in run.decided:
                messages += self._services.render(decided, True)
            done = h.Done(run.epoch, span.id)
            if messages:
                self._services.effects.send(messages, partial(self._acknowledged, done))
            else:
                self._host.tell(done)

    def _acknowledged(self, done: h.Done) -> None:
        with SENT_MARK:
            self._host.tell(done)

    def _take(self, number: int) -> Decisions:
        run = self._runs.pop(number)
        self._services.effects.backlog.decided(-run.size)
        return run
