"""One partition: drives its ownership, and sees to what that says (DESIGN laws 2, 9 and 14).

Everything happens on one event loop; ``tell`` is synchronous, so an event and its actions are never
interrupted. What takes time is a task that ends in an event.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from infra.broker.types import ConsumedRecord
from infra.logging import get_logger
from orchestrator.runtime import happenings as h
from orchestrator.runtime.claiming import Claiming
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.errors import IllegalEvent
from orchestrator.runtime.ownership import Ownership, step
from orchestrator.runtime.runs import Runs
from orchestrator.runtime.services import NEVER, REQUESTS, Services
from orchestrator.runtime.tasks import Tasks
from orchestrator.runtime.valve import Valve
from orchestrator.sagalog.batch import Batch

_log = get_logger(__name__)


class Partition:  # pylint: disable=too-many-instance-attributes  # its parts and its place
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
        self.runs = Runs(self, services)
        self._tasks = Tasks(f"partition-{number}", self._failing)
        self._claiming = Claiming(self, services, self._tasks)
        self._valve = Valve(number, services.inputs)
        self._kept_mark = -1
        self._to_follow = False  # given up, and to be followed once ours is written
        self._do: dict[type, Callable[[Any], None]] = {
            h.Inspect: self._claiming.inspect,
            h.SetAside: lambda action: services.set_aside(number, action.reason),
            h.AppendClaim: self._claiming.append_claim,
            h.ReadUpTo: self._claiming.read_up_to,
            h.Refill: self._claiming.refill,
            h.Own: self._claiming.take_over,
            h.Append: self._append,
            h.SeeEnd: self._claiming.see_end,
            h.ReadBetween: self._claiming.read_between,
            h.Commit: lambda action: services.commit(self, action.spans),
            h.Act: lambda action: self.runs.act(action.spans),
            h.Relinquish: self._relinquish,
        }

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
        self._to_follow = False
        self._services.unfollow(self.number)
        self._claiming.begin()

    def take(self, source: int, records: Sequence[ConsumedRecord]) -> None:
        """Decide inputs, in their order; without ownership they are left alone."""
        if not (self.own.owns and self.ready):
            return
        at = self._services.clock.now_ms()
        decide = self.desk.request if source == REQUESTS else self.desk.reply
        run, covered = self.runs.open(), self.positions
        for record in records:  # whatever its offset: a topic that was cut back goes on below ours
            decide(record, at, run)
            self._move(source, record.offset + 1)
            if run.full:
                self.runs.close(run)
                run, covered = self.runs.open(), self.positions
        if not run.empty or self.positions != covered:
            self.runs.close(run)
        self.balance()

    def wake(self, sagas: Sequence[int], at: int) -> bool:
        """Decide wake-ups; whether there was anything to decide."""
        run = self.runs.open()
        for saga in sagas:
            self.desk.woken(saga, at, run)
            if run.full:
                self.runs.close(run)
                run = self.runs.open()
        found = not run.empty
        if found:
            self.runs.close(run)
        return found

    def reconcile(self, sagas: Sequence[int]) -> None:
        """See to sagas that nothing would ever wake (law 12)."""
        run = self.runs.open()
        for saga in sagas:
            self.desk.reconcile(saga, self._services.clock.now_ms(), run)
        if not run.empty:
            self.runs.close(run)

    def committed(self, spans: Sequence[h.Span]) -> None:
        """The transaction that writes these spans is on the disk."""
        self.next_wake = min(self.next_wake, self.runs.committed(spans))
        if self.look_again and self.own.owns:
            self.look_again = False
            wake = self._services.log.next_wake(self.number)
            self.next_wake = min(self.next_wake, NEVER if wake is None else wake)
        self.tell(h.Committed(len(spans)))
        self.runs.forget(spans)
        self._claiming.committed()
        self._follow_when_written()
        self.balance()

    def contradicted(self, reason: str) -> None:
        """The file was set aside; what should be written stands in the log, and is read there."""
        self.tell(h.Contradicted(reason))
        self.runs.keep(())
        self._claiming.committed()
        self._follow_when_written()

    def keep_mark(self, batch: Batch) -> None:
        """Put the sent mark on the disk where nothing else will: what is sent is not sent again."""
        if self.own.owns and self.idle and self.own.sent > self._kept_mark:
            facts = self._services.log.partition_facts(self.number)
            if facts is not None and facts.epoch == self.own.epoch:
                self._kept_mark = self.own.sent
                batch.keep(msgspec.structs.replace(facts, sent=self.own.sent))

    def look(self) -> None:
        """See whether somebody else has written to the log: without an append, nothing else would
        tell.
        """
        if self.ready and not self._claiming.looking:
            self.tell(h.LookDue())

    def revoke(self) -> None:
        """The partition is taken away."""
        if self.own.phase == "released":  # it was assigned a moment ago
            self._tasks.cancel()
            self._follow_soon()
        else:
            self.tell(h.Revoked())

    async def reopen(self) -> None:
        """A rebalance left us this partition: the group's consumer has forgotten where it was."""
        if self.ready:
            self._valve.opened()
            await self._services.inputs.open(self.number, self.positions)

    def stop(self) -> None:
        """End every task; the process is going."""
        self._tasks.close()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not (self.own.appended or self.own.confirmed)

    def owned(self) -> None:
        """We own it: decide on what SQLite holds."""
        self.desk.open()
        self.trouble = ""
        self._kept_mark = -1
        wake = self._services.log.next_wake(self.number)
        self.next_wake = NEVER if wake is None else wake

    def opened(self, positions: h.Positions) -> None:
        """Its inputs are open, from these offsets on."""
        self.positions = positions
        self.ready = True

    def _move(self, source: int, offset: int) -> None:
        requests, replies = self.positions
        self.positions = (offset, replies) if source == REQUESTS else (requests, offset)

    def balance(self) -> None:
        """Slow the inputs down while too much is under way, the intake while too much is out."""
        if self.ready:
            services = self._services
            self._valve.set(services.effects.backlog.full, services.outstanding.full)

    def _append(self, action: h.Append) -> None:
        lane = self._claiming.lane
        assert lane is not None
        self.runs.append(action.span, lane)

    def _relinquish(self, action: h.Relinquish) -> None:
        self.ready = False
        self._valve.opened()
        self.next_wake = NEVER
        self._services.inputs.close(self.number)
        self._tasks.cancel()
        self._claiming.release(failed=action.again)
        self.runs.keep(self.own.confirmed)
        self.trouble = action.reason
        if action.again:
            _log.warning("partition lost", partition=self.number, reason=action.reason)
            self._claiming.begin(self._services.pause_s())
        else:
            _log.info("partition released", partition=self.number)
            self._follow_soon()

    def _follow_soon(self) -> None:
        self._to_follow = True
        self._follow_when_written()

    def _follow_when_written(self) -> None:
        """Read what others append, behind what is ours: of that, what is confirmed and not on the
        disk yet would set the file back when it comes there (law 9).
        """
        if self._to_follow and not self.own.confirmed:
            self._to_follow = False
            self._services.follow(self.number)

    def _failing(self) -> Callable[[str], None]:
        """What a task that begins now is to do when it fails: it ends this try to own."""
        epoch = self.own.epoch

        def failed(reason: str) -> None:
            if self.own.phase in ("released", "replaced"):
                self.trouble = reason
                self._claiming.begin(self._services.pause_s())
            else:
                self.tell(h.Failed(epoch, reason))

        return failed
