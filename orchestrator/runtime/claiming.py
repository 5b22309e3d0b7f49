"""How an assignee comes to own its partition: compare, claim, adopt, refill, send again.

Each of these is a task that ends in an event for the ownership (DESIGN laws 9 and 14).
"""

import asyncio
from typing import Final, Protocol

from infra.broker.types import KafkaError, Record
from infra.logging import get_logger
from orchestrator.runtime import happenings as h
from orchestrator.runtime.boundaries import CLAIM, OWN, RESEND, RESEND_OPEN
from orchestrator.runtime.decisions import Decided, Decisions
from orchestrator.runtime.desk import Desk
from orchestrator.runtime.errors import ClaimIgnored
from orchestrator.runtime.log_writer import Lane
from orchestrator.runtime.messages import Outgoing
from orchestrator.runtime.ownership import Ownership
from orchestrator.runtime.runs import Runs
from orchestrator.runtime.services import Services
from orchestrator.runtime.tasks import Tasks
from orchestrator.sagalog.records import Claim, encode_record, seal
from orchestrator.sagalog.rows import HeldTransition

MAX_REFILLS: Final = 64
"""Runs of a refill under way at a time."""
RESEND_MESSAGES: Final = 500
"""Of one partition at a time; all partitions are claimed together, and memory is bounded."""
_log = get_logger(__name__)


class Host(Protocol):
    """The partition, as far as claiming it needs to know."""

    @property
    def number(self) -> int: ...
    @property
    def own(self) -> Ownership: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def runs(self) -> Runs: ...
    def tell(self, event: h.Event) -> None: ...
    def owned(self) -> None: ...
    def opened(self, positions: h.Positions) -> None: ...


class Claiming:
    """The long ways of one partition; ``lane`` is where its present epoch appends."""

    def __init__(self, host: Host, services: Services, tasks: Tasks) -> None:
        self._host = host
        self._services = services
        self._tasks = tasks
        self._news = asyncio.Event()
        self.lane: Lane | None = None
        self.looking = 0  # questions where the log ends, under way
        self._refilled = False  # the broker had lost something

    def begin(self, pause_s: float = 0.0) -> None:
        """Claim the partition, after a pause."""

        async def claim() -> None:
            await asyncio.sleep(pause_s)
            while self._host.own.confirmed:  # what stands in the log is written first
                await self._next()
            self._host.tell(h.Assigned(self._services.adopter.mark(self._host.number)))

        self._tasks.start(claim())

    def committed(self) -> None:
        """Something was written to SQLite."""
        self._news.set()

    def release(self, *, failed: bool) -> None:
        """The epoch is over."""
        self._refilled = False
        if self.lane is not None:
            self.lane.release(failed=failed)
            self.lane = None

    async def _next(self) -> None:
        self._news.clear()
        await self._news.wait()

    def inspect(self, action: h.Inspect) -> None:
        """Compare the file with the topic."""

        async def inspect() -> None:
            found = await self._services.adopter.inspect(self._host.number, action.file)
            fresh = self._services.fresh_id
            self._host.tell(h.Inspected(found.log, found.matches, fresh(), fresh()))

        self._tasks.start(inspect())

    def append_claim(self, action: h.AppendClaim) -> None:
        """Append a claim through a producer that has not failed."""
        claim = Claim(action.log, action.epoch, self._services.clock.now_ms(), self._services.owner)

        async def append() -> None:
            self.lane = await self._services.writer.lane(self._host.number)
            offset = await self.lane.submit([Record(None, encode_record(claim))], CLAIM)
            self._host.tell(h.ClaimAcknowledged(action.epoch, offset))

        self._tasks.start(append())

    def read_up_to(self, action: h.ReadUpTo) -> None:
        """Adopt what precedes our claim."""
        epoch = self._host.own.epoch

        async def read() -> None:
            adopter = self._services.adopter
            found = await adopter.read(self._host.number, action.offset + 1, action.again)
            if not found.foreign and found.epoch != epoch:
                raise ClaimIgnored
            self._host.tell(h.Adopted(epoch, found.sent, found.foreign, found.missing))

        self._tasks.start(read())

    def refill(self, _: h.Refill) -> None:
        """Append what the topic has lost, as fast as it is confirmed."""
        _log.warning(
            "the log on the topic is shorter than the file: refilling", partition=self._host.number
        )
        self._host.desk.open()
        self._refilled = True
        log = self._services.log

        async def refill() -> None:
            run = self._host.runs.open()
            for held in log.displaced(self._host.number):
                saga = held.sealed.transition.saga if isinstance(held, HeldTransition) else None
                state = None if saga is None else self._host.desk.states.get(saga)
                run.again(held, state)
                if run.full:
                    self._close_refill(run)
                    await self._settled(MAX_REFILLS)
                    run = self._host.runs.open()
            if not run.empty:
                self._close_refill(run)
            await self._settled(0)
            self._host.tell(h.Refilled(self._host.own.epoch))

        self._tasks.start(refill())

    def _close_refill(self, run: Decisions) -> None:
        for _, state in run.decided:
            self._host.desk.states.decided(state)
        self._host.runs.close(run)

    async def _settled(self, most: int) -> None:
        while len(self._host.own.appended) + len(self._host.own.confirmed) > most:
            await self._next()

    def take_over(self, action: h.Own) -> None:
        """The partition is ours: open its inputs, send again what may not have been sent."""
        self._host.owned()
        epoch, start, stop = self._host.own.epoch, self._host.own.inputs, self._host.own.expected
        _log.info("partition owned", partition=self._host.number, epoch=epoch)

        async def open_inputs() -> None:
            with OWN:
                self._host.opened(await self._services.inputs.open(self._host.number, start))
            if refilled:
                with RESEND_OPEN:
                    await self._send_open_sagas()
            with RESEND:
                await self._resend(action.sent, stop)
            self._host.tell(h.Done(epoch, h.RESEND))

        refilled, self._refilled = self._refilled, False
        self._tasks.start(open_inputs())

    async def _send_open_sagas(self) -> None:
        """A broker that has lost the log has lost commands too, also those that were sent before
        the part of the log that is missing: send again what open sagas wait for (law 14)."""
        messages: list[Outgoing] = []
        for row in self._services.log.open_sagas(self._host.number):
            state = self._host.desk.states.get(row.id)
            if state is not None:
                for transition in self._services.log.load(row.id):
                    messages += self._services.render(Decided(seal(transition), state), False)
            if len(messages) >= RESEND_MESSAGES:
                await self._sent(messages)
                messages = []
        await self._sent(messages)

    async def _resend(self, sent: int, stop: int) -> None:
        """Send again what lies behind the sent mark; of commands only the outstanding ones."""
        messages: list[Outgoing] = []
        for held in self._services.log.suffix(self._host.number, sent + 1):
            if held.offset >= stop:
                break
            if isinstance(held, HeldTransition):
                state = self._host.desk.states.get(held.sealed.transition.saga)
                if state is not None:
                    decided = Decided(held.sealed, state)
                    messages += self._services.render(decided, False)
                    if self._services.spans is not None:
                        self._services.spans.committed((decided,))
            if len(messages) >= RESEND_MESSAGES:
                await self._sent(messages)
                messages = []
        await self._sent(messages)

    async def _sent(self, messages: list[Outgoing]) -> None:
        done = asyncio.Event()
        self._services.effects.send(messages, done.set)
        await done.wait()

    def see_end(self, action: h.SeeEnd) -> None:
        """See where the log ends: somebody else may have written."""
        epoch = self._host.own.epoch

        async def see() -> None:
            self.looking += 1
            try:
                end = await self._services.adopter.end(self._host.number)
            except (KafkaError, OSError) as error:  # it is asked again before long
                _log.debug("end of the log not seen", error=str(error))
                return
            finally:
                self.looking -= 1
            self._host.tell(h.EndSeen(epoch, action.span, action.seq, end))

        self._tasks.start(see())

    def read_between(self, action: h.ReadBetween) -> None:
        """Look what lies between the offset expected and the one got."""
        epoch = self._host.own.epoch

        async def read() -> None:
            adopter = self._services.adopter
            claimed = await adopter.claimed_between(self._host.number, action.start, action.stop)
            self._host.tell(h.ReadBetweenDone(epoch, claimed))

        self._tasks.start(read())
