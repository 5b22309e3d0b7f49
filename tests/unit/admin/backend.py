"""A backend in memory for the admin: real engine and saga log, no Kafka, participants as told."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel, Field

from infra.broker.errors import BrokerUnreachable
from infra.clock import ManualClock
from infra.telemetry.metrics import Metrics
from orchestrator.admin.dead_letters import RedriveRefused
from orchestrator.admin.letters import Letter, Mark
from orchestrator.definition.builder import Saga
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import Call, Definition, Retry, Step, canonical, parse, version
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import Sent, Transition
from orchestrator.engine.inputs import Input, Move, Reply, Signal, Start
from orchestrator.engine.moving import move
from orchestrator.engine.plan import Plan
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

READY = Health(True, [], [])


class Order(BaseModel):
    """The input of the saga `work`."""

    order: int = Field(lt=2**53)
    note: str = ""


def step(name: str) -> Step:
    """A step of the service `<name>er`."""
    retry = Retry(attempts=2, initial_ms=100, maximum_ms=1_000)
    do, undo = (
        Call(f"{verb}{name}", f"{name}er.commands", {"order": "input.order"})
        for verb in ("Do", "Undo")
    )
    return Step(name, "compensatable", do, undo, 1_000, retry, 1_000, retry, {"no": 409})


def work(*names: str, name: str = "work") -> Saga:
    """A saga of these steps, one after the other."""
    definition = Definition(name, {"title": "Order"}, tuple(map(step, names)))
    return Saga(definition, Order, version(definition))


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
        self._offset = 0
        self._moved = asyncio.Condition()

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

    async def wait_moved(self, saga: int, _number: int, _timeout_s: float, /) -> SagaRow | None:
        """Moved at once, or not within the wait."""
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
        self._write(*move(Plan(self.saga.definition), new, state, given))

    async def repair(self, *asked: Any, request: str) -> None:
        """Remember what was asked, and under which id."""
        self.repairs.append((*asked, request))

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
        plan = Plan(definition or self.saga.definition)
        state, transition = decide(plan, self._states.get(saga), given)
        if not transition.facts:
            return
        batch = Batch()
        batch.define(0, self._next(), plan.version, msgspec.Raw(canonical(plan.definition)))
        self.log.commit(batch)
        self._write(state, transition)
        for fact in transition.facts:
            answer = self.answers.get(fact.step, "succeeded") if isinstance(fact, Sent) else ""
            if isinstance(fact, Sent) and (fact.direction == "undo" or answer):
                outcome = "succeeded" if fact.direction == "undo" else answer
                await self.take(saga, self._reply(fact, outcome), definition)

    def _next(self) -> int:
        self._offset += 1
        return self._offset

    def _write(self, state: State, transition: Transition) -> None:
        self._states[state.saga] = state
        offset, batch = self._next(), Batch()
        batch.add(offset, seal(transition), state)
        batch.keep(PartitionFacts(0, "log", "epoch", offset, offset, -1, transition.at))
        self.log.commit(batch)

    def _reply(self, sent: Sent, outcome: Any) -> Reply:
        self.clock.advance(10)
        data = {} if outcome == "succeeded" else {"code": "no", "reason": "there is none"}
        place = (sent.step, sent.direction, sent.round, sent.attempt)
        return Reply(f"{place}", self.clock.now_ms(), *place, outcome, data)


class FakeLetters:
    """Dead letters in a list."""

    def __init__(self, *letters: Letter) -> None:
        self.letters = {letter.id: letter for letter in letters}

    async def page(self, tenant: int, after: int | None, limit: int, done: bool) -> list[Letter]:
        """The newest ones below `after`."""
        found = [
            letter
            for id, letter in sorted(self.letters.items(), reverse=True)
            if (after is None or id < after) and (done or letter.redriven is None)
        ]
        return [letter for letter in found if letter.tenant == tenant][:limit]

    async def get(self, tenant: int, letter: int) -> Letter | None:
        """One of them."""
        found = self.letters.get(letter)
        return found if found and found.tenant == tenant else None

    async def redrive(self, tenant: int, letter: int, by: str, again: bool) -> Letter | None:
        """Mark one."""
        found = await self.get(tenant, letter)
        if found is None:
            return None
        if found.redriven and not again:
            raise RedriveRefused("was sent again already")
        self.letters[letter] = msgspec.structs.replace(found, redriven=Mark(1, "n", by, 5))
        return found
