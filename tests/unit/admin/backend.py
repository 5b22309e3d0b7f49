"""A backend in memory for the admin: real engine and saga log, no Kafka, participants as told."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from contracts.envelope import idempotency_key
from infra.broker.errors import BrokerUnreachable
from infra.clock import ManualClock
from infra.telemetry.metrics import Metrics
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import Definition, canonical, parse, version
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import (
    Completed,
    Fact,
    Failed,
    Halted,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Transition,
)
from orchestrator.engine.inputs import Input, Move, Parent, Repair, Reply, Signal, Start
from orchestrator.engine.moving import move
from orchestrator.engine.plan import Plan
from orchestrator.engine.signals import CANCEL
from orchestrator.engine.state import State
from orchestrator.runtime.health import Health
from orchestrator.runtime.intake import rollout_of
from orchestrator.runtime.messages import Refused
from orchestrator.runtime.vitals import BrokerVitals, FileVitals, TimerVitals, Vitals
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.records import seal
from orchestrator.sagalog.rows import SagaRow
from orchestrator.sagalog.store import SagaLog
from tests.unit.admin.work import work

READY = Health(True, [], [])


class FakeBackend:  # pylint: disable=too-many-instance-attributes  # it is what tests turn at
    """Decides at once what is asked at its door; `answers` is what each participant says."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self.clock = clock
        self.saga = work("pack", "ship")
        self.catalogue = Catalogue([self.saga])
        self.metrics = Metrics()
        self.door = self
        self.log = SagaLog.open(folder / "saga.db")
        self.reader = Reader.open(folder / "saga.db")
        self.answers: dict[str, str] = {}
        self.reason = "there is none"
        self.patience = 0.0
        self.mending = False
        self.lost = False
        self.refused: Refused | None = None
        self.down = False
        self.state_of_health = READY
        self.file = FileVitals("/data/saga.db", 4096, 0, 2**40)
        self.broker = BrokerVitals("nowhere:9092", True)
        self.timers: list[TimerVitals] = []
        self.jump_ms = 0
        self.starting = False
        self.traces: list[str | None] = []
        self.repairs: list[tuple[Any, ...]] = []
        self._states: dict[int, State] = {}
        self._plans: dict[int, Plan] = {}
        self._offset = 0

    def close(self) -> None:
        """Close the file."""
        self.reader.close()
        self.log.close()

    async def start(
        self,
        definition: str,
        key: str,
        given: dict[str, Any],
        tenant: int,
        /,
        *,
        traceparent: str | None = None,
    ) -> None:
        """The front door and the owner behind it in one."""
        if self.down:
            raise BrokerUnreachable("no Kafka broker answers at nowhere:9092")
        self.traces.append(traceparent)
        if self.lost or self.reader.by_key(tenant, definition, key):
            return
        found = self.catalogue.named(definition)
        checked = self.catalogue.validate(definition, given)
        saga = (len(self._states) + 1) << 10
        now = self.clock.now_ms()
        start = Start(f"start/{saga}", now, saga, found.version, tenant, key, checked)
        await self.take(saga, start, found.definition)

    async def signal(
        self,
        saga: int,
        signal: str,
        reason: str,
        by: str,
        tenant: int,
        /,
        *,
        request: str,
        data: dict[str, Any] | None = None,
    ) -> None:
        """The front door and the owner behind it in one; undecided while `lost`."""
        assert tenant == 1
        if self.down:
            raise BrokerUnreachable("no Kafka broker answers at nowhere:9092")
        if not self.lost:
            now = self.clock.now_ms()
            await self.take(saga, Signal(request, now, signal, reason, by, data or {}))

    async def wait_signal(self, saga: int, signal: str, _timeout_s: float, /) -> str | None:
        """Decided at once, or not within the wait."""
        return self._states[saga].signals.get(signal)

    async def wait_moved(self, saga: int, number: int, timeout_s: float, /) -> SagaRow | None:
        """Moved at once, or not within the wait, of which `patience` is really waited."""
        row = self.reader.saga(saga)
        if row and row.number <= number:
            await asyncio.sleep(min(timeout_s, self.patience))
        return self.reader.saga(saga)

    partitions = 1

    async def define(self, definition: dict[str, Any], tenant: int, /, *, request: str) -> None:
        """Into the log at once."""
        del tenant, request
        made = msgspec.convert(definition, Definition)
        batch = Batch()
        batch.define(0, self._next(), version(made), canonical(made))
        self.log.commit(batch)

    async def roll_out(self, rule: Mapping[str, Any], tenant: int, /, *, request: str) -> None:
        """Into the log at once; never while `lost`."""
        message: Any = {"id": request, "tenant": tenant, "data": dict(rule)}
        rollouts = self.log.rollouts(0)
        if not self.lost and request not in {one.request for one in rollouts}:
            batch = Batch()
            batch.roll_out(0, self._next(), len(rollouts) + 1, rollout_of(message))
            self.log.commit(batch)

    async def move(
        self, saga: int, version: str, reason: str, by: str, tenant: int, /, *, request: str
    ) -> None:
        """Decided at once; never while `lost`."""
        assert tenant == 1
        if self.lost:
            return
        raw = self.log.definition(version)
        state = self._states[saga]
        given = Move(request, self.clock.now_ms(), version, reason, by)
        new = Plan(parse(raw)) if raw else None
        self._write(*move(self._plans[saga], new, state, given))
        self._plans[saga] = new or self._plans[saga]

    async def carry_out(self, saga: int, asked: tuple[Any, ...], request: str) -> None:
        """Let the engine decide a repair."""
        action, reason, by, step, _ = asked
        await self.take(saga, Repair(request, self.clock.now_ms(), action, step, reason, by))

    async def repair(self, *asked: Any, request: str) -> None:
        """Remember what was asked, and under which id; decide it only where `mending`."""
        self.repairs.append((*asked, request))
        if self.mending:
            await self.carry_out(asked[0], asked[1:], request)

    async def wait(
        self, tenant: int, definition: str, key: str, _timeout_s: float, /
    ) -> SagaRow | Refused | None:
        """The saga is in the log at once, or refused as the test says, or never."""
        return self.refused or self.reader.by_key(tenant, definition, key)

    async def wait_saga(self, saga: int, _timeout_s: float, /) -> SagaRow | None:
        """The saga has ended at once, or does not end within the wait."""
        return self.reader.saga(saga)

    def health(self) -> Health:
        """What the test says."""
        return self.state_of_health

    def vitals(self) -> Vitals | None:
        """What the test says."""
        if self.starting:
            return None
        return Vitals(self.health(), self.file, self.broker, self.timers, self.jump_ms)

    async def take(self, saga: int, given: Input, definition: Definition | None = None) -> None:
        """Decide an input and all the answers that follow from it."""
        plan = self._plans.setdefault(saga, Plan(definition or self.saga.definition))
        state, transition = decide(plan, self._states.get(saga), given)
        if not transition.facts:
            return
        batch = Batch()
        batch.define(0, self._next(), plan.version, msgspec.Raw(canonical(plan.definition)))
        self.log.commit(batch)
        self._write(state, transition)
        for fact in transition.facts:
            await self._carry(state, fact)

    def _next(self) -> int:
        self._offset += 1
        return self._offset

    def _write(self, state: State, transition: Transition) -> None:
        self._states[state.saga] = state
        offset, batch = self._next(), Batch()
        batch.add(offset, seal(transition), state)
        batch.keep(PartitionFacts(0, "log", "epoch", offset, offset, -1, transition.at))
        self.log.commit(batch)

    async def _carry(self, state: State, fact: Fact) -> None:
        """What a fact sends: to a participant, to a child, to the parent."""
        parent = state.parent
        match fact:
            case Sent(topic="saga.requests", direction="do"):
                await self._begin_child(state, fact)
            case Sent():
                answer = self.answers.get(fact.step, "succeeded")
                if fact.direction == "undo":
                    answer = self.answers.get(f"undo {fact.step}", "succeeded")
                if answer:
                    await self.take(state.saga, self._reply(state.saga, fact, answer))
            case SignalHeld() if state.steps[fact.step].child:
                await self._to_child(state, fact.step, fact.round, fact.signal, fact.id, fact.by)
            case Halted():
                halt = f"halt/{state.saga}/{fact.step}"
                await self._to_child(state, fact.step, fact.round, CANCEL, halt, "parent")
            case Signalled() | SignalRefused() if parent:
                why = fact.why if isinstance(fact, SignalRefused) else ""
                await self._to_parent(parent, "answered", {"signal": fact.id, "why": why})
            case Completed() if parent:
                await self._to_parent(parent, "succeeded", fact.result)
            case Failed() if parent:
                data = {"code": fact.code, "reason": fact.reason, "status": fact.status}
                await self._to_parent(parent, "refused", data)
            case _:
                pass

    async def _begin_child(self, state: State, sent: Sent) -> None:
        key = idempotency_key(state.tenant, state.saga, sent.step, "do", sent.round)
        if self.reader.by_key(state.tenant, sent.command, key):
            return
        found = self.catalogue.named(sent.command)
        saga = (len(self._states) + 1) << 10
        parent = Parent(state.saga, sent.step, sent.round)
        place = (saga, found.version, state.tenant, key, sent.data)
        start = Start(f"start/{saga}", self.clock.now_ms(), *place, parent=parent, until=sent.until)
        await self.take(saga, start, found.definition)

    async def _to_child(
        self, state: State, step: str, number: int, signal: str, id: str, by: str
    ) -> None:
        key = idempotency_key(state.tenant, state.saga, step, "do", number)
        row = self.reader.by_key(state.tenant, state.steps[step].child, key)
        if row is not None:
            now = self.clock.now_ms()
            await self.take(row.id, Signal(id, now, signal, "handed on", by))

    async def _to_parent(self, parent: Parent, outcome: Any, data: dict[str, Any]) -> None:
        place = (parent.step, "do", parent.round, 1)
        now = self.clock.now_ms()
        reply = Reply(f"child/{parent.step}/{outcome}/{now}", now, *place, outcome, data)
        await self.take(parent.saga, reply)

    def _reply(self, saga: int, sent: Sent, outcome: Any) -> Reply:
        self.clock.advance(10)
        data: dict[str, Any] = {"code": "no", "reason": self.reason}
        if outcome == "succeeded":
            call = self._plans[saga].steps[sent.step].do
            data = dict.fromkeys(call.reply, 1_990) if call and sent.direction == "do" else {}
        place = (sent.step, sent.direction, sent.round, sent.attempt)
        return Reply(f"{place}", self.clock.now_ms(), *place, outcome, data)
