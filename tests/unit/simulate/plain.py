"""A simulation without a memory: every decision is made by the engine on the state itself. Slow,
and short enough to be believed: what the quick one must agree with, run by run.
"""

from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Any, NamedTuple

from contracts.topics import REQUESTS
from orchestrator.definition.nodes import Wait
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import Completed, Failed, Halted, Ignored, Sent, Stuck, Waited
from orchestrator.engine.inputs import Input, Parent, Reply, Signal, Start, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.simulate.answers import Anything
from orchestrator.simulate.cast import Family
from orchestrator.simulate.luck import Luck
from orchestrator.simulate.outcomes import Outcome, Outcomes, Part

BEGIN = 1 << 30
_OUTCOMES = {"works": "succeeded", "refuses": "refused", "raises": "failed"}


def _halt(at: int) -> Signal:
    return Signal("halt", at, "cancel", "turned", "parent")


class Came(NamedTuple):
    """How a run went."""

    status: str
    code: str
    ms: int
    in_time: bool


class Saga:
    """One saga and its state."""

    def __init__(self, plan: Plan, parent: "Saga | None" = None, step: str = "") -> None:
        self.plan = plan
        self.parent = parent
        self.step = step
        self.state: State | None = None
        self.children: dict[tuple[str, int], Saga] = {}
        self.end: Completed | Failed | None = None
        self.begins = 0


class Plain:
    """One run."""

    def __init__(
        self, family: Family, outcomes: Mapping[Part, Outcomes], luck: Luck, run: int
    ) -> None:
        self.plans = {name: Plan(definition) for name, definition in family.items()}
        self.outcomes = outcomes
        self.luck = luck
        self.run = run
        self.queue: list[tuple[int, int, Saga, Any]] = []
        self.order = 0
        self.sagas: list[Saga] = []

    def play(self) -> Came:
        """Play it to its end."""
        root = Saga(next(iter(self.plans.values())))
        self._start(root, BEGIN, None)
        while True:
            dues = [(one.state.wake_at, n) for n, one in enumerate(self.sagas) if one.state.wake_at]  # type: ignore[union-attr]
            wake = min(dues, default=(1 << 62, 0))
            if self.queue and self.queue[0][0] <= wake[0]:
                at, _, saga, made = heappop(self.queue)
                if saga.end is not None:
                    continue
                if saga.state is None:
                    self._start(saga, at, made)
                    continue
                given: Input = made(at)
            else:
                at, saga = wake[0], self.sagas[wake[1]]
                given = Wake("wake", at)
            before = saga.state
            assert before is not None
            facts = self._decide(saga, given)
            if any(isinstance(fact, Stuck) for fact in facts):
                return Came("needs_operator", "", at - BEGIN, False)
            if saga is root and saga.end is not None:
                assert root.state is not None
                put_off = at - before.person_since if before.person_since else 0
                deadline = before.deadline + put_off if before.deadline else 1 << 62
                good = isinstance(saga.end, Completed)
                late = root.state.late or at > deadline
                return Came(root.state.mode, root.state.code, at - BEGIN, good and not late)

    def _start(self, saga: Saga, at: int, until: int | None) -> None:
        self.sagas.append(saga)
        parent = None if saga.parent is None else Parent(9, saga.step, 1)
        version = saga.plan.version
        self._decide(saga, Start("s", at, 5, version, 1, "k", Anything(), "", parent, until or 0))

    def _decide(self, saga: Saga, given: Input) -> tuple[Any, ...]:
        saga.state, transition = decide(saga.plan, saga.state, given)
        for fact in transition.facts:
            if isinstance(fact, Ignored):
                assert len(transition.facts) == 1
            self._follow(saga, fact, given.at)
        return transition.facts

    def _follow(self, saga: Saga, fact: object, at: int) -> None:
        match fact:
            case Sent(topic="saga.requests"):
                self._ask(saga, fact, at)
            case Sent():
                self._send(saga, fact, at)
            case Waited():
                self._wait(saga, fact, at)
            case Halted():
                child = saga.children[fact.step, fact.round]
                if child.end is None:
                    hop = self._hop(saga, fact.step, fact.round, 3)
                    self._push(max(at + hop, child.begins), child, _halt)
            case Completed() | Failed():
                saga.end = fact
                if saga.parent is not None:
                    self._report(saga, at)
            case _:
                pass

    def _ask(self, saga: Saga, fact: Sent, at: int) -> None:
        assert fact.topic == REQUESTS
        child = saga.children.get((fact.step, fact.round))
        if child is None:
            child = Saga(self.plans[fact.command], saga, fact.step)
            saga.children[fact.step, fact.round] = child
            child.begins = at + self._hop(saga, fact.step, fact.round, 1)
            self._push(child.begins, child, fact.until)
        elif child.end is not None:
            self._report(child, at)

    def _report(self, child: Saga, at: int) -> None:
        parent, end = child.parent, child.end
        assert parent is not None
        outcome, data = "succeeded", dict.fromkeys(parent.plan.command(child.step).do.reply, 1)
        if isinstance(end, Failed):
            outcome, data = "refused", {"code": end.code, "reason": end.code}  # type: ignore[dict-item]
        hop = self._hop(parent, child.step, 1, 2)
        self._push(
            at + hop,
            parent,
            lambda at: Reply("end", at, child.step, "do", 1, 1, outcome, data),  # type: ignore[arg-type]
        )

    def _send(self, saga: Saga, fact: Sent, at: int) -> None:
        part = Part(saga.plan.definition.name, fact.step, fact.direction)
        drawn = self._drawn(part, fact.round, fact.attempt)
        if drawn is None:
            return
        one, ms = drawn
        planned = saga.plan.command(fact.step)
        call = planned.undo if fact.direction == "undo" else planned.do
        data: dict[str, Any] = {"code": one.code or "exception", "reason": one.code or "broke"}
        if one.kind == "works" and call:
            data = dict.fromkeys(call.reply, 1)
        outcome: Any = _OUTCOMES[one.kind]
        where = (fact.step, fact.direction, fact.round, fact.attempt)
        self._push(at + ms, saga, lambda at: Reply("r", at, *where, outcome, data))

    def _wait(self, saga: Saga, fact: Waited, at: int) -> None:
        wait = saga.plan.steps[fact.step].step
        assert isinstance(wait, Wait)
        part = Part(saga.plan.definition.name, fact.step, "do")
        drawn = self._drawn(part, 1, 1) if part in self.outcomes else None
        if drawn is not None:
            one, ms = drawn
            data = {wait.accepts: one.kind == "approves"}
            name = wait.signal
            self._push(at + ms, saga, lambda at: Signal(fact.step, at, name, "", "me", data))

    def _drawn(self, part: Part, number: int, attempt: int) -> tuple[Outcome, int] | None:
        index, ms = self.luck.column(part, number, attempt).draw(self.run)
        return None if ms < 0 else (self.outcomes[part].all[index], ms)

    def _hop(self, saga: Saga, step: str, number: int, which: int) -> int:
        part = Part(saga.plan.definition.name, step, "do")
        return self.luck.column(part, number, which).draw(self.run)[1]

    def _push(self, at: int, saga: Saga, made: Any) -> None:
        self.order += 1
        heappush(self.queue, (at, self.order, saga, made))
