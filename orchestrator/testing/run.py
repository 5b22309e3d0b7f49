"""One saga on the pure engine, with a clock that only moves when it is told to."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from orchestrator.definition.validation import validated
from orchestrator.definition.words.builder import Saga
from orchestrator.engine.decide import decide
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import Emitted, Fact, Sent, Transition
from orchestrator.engine.inputs import Input, Repair, Reply, Signal, Start, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.testing.words import line

BEGIN_MS: Final = 1_700_000_000_000
SAGA: Final = 1 << 10

Outcome = Literal["succeeded", "refused", "failed", "answered"]
Action = Literal["retry", "skip", "resume"]


class Run:
    """A saga, all that it did, and what of that no expectation has looked at yet."""

    def __init__(self, saga: Saga) -> None:
        self.saga = saga
        self.plan = Plan(saga.definition)
        self.now = BEGIN_MS
        self.state: State | None = None
        self.log: list[Transition] = []
        self.sent: list[Sent] = []
        self.told: list[Emitted] = []

    def start(self, given: Mapping[str, Any], key: str) -> None:
        """Start it; raises InvalidInput where the input does not fit."""
        complete = validated(self.saga.input, dict(given))
        self.take(Start("start", self.now, SAGA, self.saga.version, 1, key, complete))

    def take(self, given: Input) -> None:
        """Tell it one thing."""
        self.state, transition = decide(self.plan, self.state, given)
        if transition.facts:
            self.log.append(transition)
        self.sent += [fact for fact in transition.facts if isinstance(fact, Sent)]
        self.told += [fact for fact in transition.facts if isinstance(fact, Emitted)]

    def answer(self, sent: Sent, outcome: Outcome, data: dict[str, Any]) -> None:
        """The participant answers one attempt."""
        where = (sent.step, sent.direction, sent.round, sent.attempt)
        self.take(Reply(f"reply-{len(self.log)}", self.now, *where, outcome, data))

    def repair(self, action: Action, step: str, reason: str) -> None:
        """An operator acts (DESIGN law 7)."""
        self.take(Repair(f"repair-{len(self.log)}", self.now, action, step, reason, "test"))

    def signal(
        self,
        name: str,
        reason: str,
        by: str,
        identity: str = "",
        *,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Somebody tells the saga something; the same identity is the same signal."""
        identity = identity or f"signal-{len(self.log)}"
        self.take(Signal(identity, self.now, name, reason, by, data or {}))

    def pass_time(self, milliseconds: int) -> None:
        """Time passes, and everything due up to then comes when it is due."""
        until = self.now + milliseconds
        while self.state and 0 < self.state.wake_at <= until:
            self.now = max(self.now, self.state.wake_at)
            self.take(Wake("wake", self.now))
        self.now = until

    def crash(self) -> bool:
        """The process dies; another one folds the log and sends again what is out.

        Returns whether the log says all that the first one knew.
        """
        before, self.state = self.state, None
        for transition in self.log:
            self.state = evolve(self.state, transition)
        steps = self.state.steps if self.state else {}
        last = {fact.step: fact for fact in self.facts() if isinstance(fact, Sent)}
        self.sent += [sent for name, sent in last.items() if steps[name].phase == "sent"]
        return self.state == before

    def facts(self) -> Iterator[Fact]:
        """Everything that happened."""
        return (fact for transition in self.log for fact in transition.facts)

    def timeline(self) -> str:
        """Everything that happened, a line each, with the seconds since the start."""
        return "\n".join(
            f"{(transition.at - BEGIN_MS) / 1000:>10.3f} s  {line(fact)}"
            for transition in self.log
            for fact in transition.facts
        )
