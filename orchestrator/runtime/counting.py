"""What this process decides, as metrics: told of every run once it is committed.

Only the owner of a partition counts its sagas, so the counts of all processes add up. It runs for
every decision: hence a table by type, and no more than a few dict updates a transition.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from contracts.topics import DEAD_LETTERS, EVENTS
from infra.telemetry.metrics import Metrics
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Failed,
    Faulted,
    Late,
    Parked,
    Refused,
    Repaired,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Started,
    Stuck,
    Succeeded,
    Transition,
)
from orchestrator.engine.state import State
from orchestrator.runtime.decisions import Decisions
from orchestrator.runtime.messages import Outgoing
from orchestrator.runtime.pausing import Pausing, PlanOf

_MOST: Final = 100_000
"""Commands remembered. Those of lost partitions and skipped steps are never answered here: when it
is full it begins anew, and a few latencies go unmeasured."""


class Counting:
    """Turns committed decisions into counts; remembers when each command went out.

    ``plan_of``: the plan of a version, which says what is a wait and what a child.
    """

    def __init__(self, metrics: Metrics, plan_of: PlanOf = lambda version: None) -> None:
        self.metrics = metrics
        self._sent: dict[tuple[int, str], int] = {}
        self._pausing = Pausing(metrics, plan_of)
        add = self._adding
        self._count: dict[type, Callable[[State, Transition, Any], None]] = {
            Sent: self._went_out,
            Succeeded: self._succeeded,
            Refused: self._refused,
            Faulted: self._faulted,
            Started: add(metrics.started.add),
            Compensating: lambda after, told, fact: metrics.undos_owed.add(
                after.definition, by=len(fact.owed)
            ),
            Stuck: add(metrics.needs_operator.add),
            Parked: add(metrics.needs_operator.add),
            Repaired: add(metrics.repairs.add, "action"),
            Signalled: lambda after, told, fact: self._signal(after, fact, "applied"),
            SignalHeld: self._held,
            SignalRefused: lambda after, told, fact: self._signal(after, fact, "refused"),
            Late: add(metrics.late.add),
            Completed: lambda after, told, fact: self._over(after, told, "completed"),
            Failed: self._failed,
        }

    def follow_plans(self, plan_of: PlanOf) -> None:
        """Where to ask for plans from now on."""
        self._pausing.plan_of = plan_of

    def committed(self, partition: int, run: Decisions, *, again: bool = False) -> None:
        """A run of decisions of this partition is in the log and on the disk; ``again``: it was
        before, so its sagas have been counted.
        """
        self.metrics.log_records.add(str(partition), by=len(run.entries))
        if not again:
            for sealed, state in run.decided:
                self.transition(state, sealed.transition)
        self._answers(run.answers)

    def appended(self, seconds: float) -> None:
        """An append was acknowledged after so long."""
        self.metrics.append_seconds.observe(seconds)

    def written(self, seconds: float) -> None:
        """A transaction of the file took so long."""
        self.metrics.commit_seconds.observe(seconds)

    def transition(self, after: State, transition: Transition) -> None:
        """One transition, and the state after it."""
        self.metrics.transitions.add()
        for fact in transition.facts:
            count = self._count.get(type(fact))
            if count is not None:
                count(after, transition, fact)
        self._pausing.transition(after, transition)

    @staticmethod
    def _adding(add: Callable[..., None], *fields: str) -> Callable[[State, Transition, Any], None]:
        """Count one more of the definition, and of what these fields of the fact say."""

        def count(after: State, _told: Transition, fact: Any) -> None:
            add(after.definition, *(getattr(fact, field) for field in fields))

        return count

    def _went_out(self, after: State, told: Transition, fact: Sent) -> None:
        if len(self._sent) >= _MOST:
            self._sent.clear()
        place = (after.saga, fact.step)
        if fact.attempt > 1 and after.steps[fact.step].child:
            self._sent.setdefault(place, told.at)  # asked again, and under way all the time
        else:
            self._sent[place] = told.at

    def _succeeded(self, after: State, told: Transition, fact: Succeeded) -> None:
        self._settled(after, told, fact)
        if fact.direction == "undo":
            self.metrics.undos_done.add(after.definition, fact.step)

    def _refused(self, after: State, told: Transition, fact: Refused) -> None:
        self._settled(after, told, fact)
        self.metrics.refusals.add(after.definition, fact.step, fact.code)

    def _settled(self, after: State, told: Transition, fact: Succeeded | Refused) -> None:
        sent = self._sent.pop((after.saga, fact.step), None)
        if sent is not None:
            seconds = (told.at - sent) / 1_000
            self.metrics.step_seconds.observe(seconds, after.definition, fact.step, fact.direction)

    def _faulted(self, after: State, told: Transition, fact: Faulted) -> None:
        if not after.steps[fact.step].child:
            self._sent.pop((after.saga, fact.step), None)
        place = (after.definition, fact.step, fact.direction)
        self.metrics.retries.add(*place, fact.cause)
        stuck = (one.step for one in told.facts if isinstance(one, Stuck))
        if not fact.retry_at and fact.step not in stuck:
            self.metrics.given_up.add(*place)

    def _held(self, after: State, told: Transition, fact: SignalHeld) -> None:
        if fact.id == told.input:  # a child that is asked again is reminded of what was held
            self._signal(after, fact, "held")

    def _signal(self, after: State, fact: Signalled | SignalHeld | SignalRefused, how: str) -> None:
        self.metrics.signals.add(after.definition, fact.signal, how)

    def _failed(self, after: State, told: Transition, fact: Failed) -> None:
        self.metrics.failures.add(after.definition, fact.code)
        self._over(after, told, "failed")

    def _over(self, after: State, told: Transition, outcome: str) -> None:
        self.metrics.ended.add(after.definition, outcome)
        seconds = (told.at - after.started_at) / 1_000
        self.metrics.seconds.observe(seconds, after.definition, outcome)

    def _answers(self, answers: Iterable[Outgoing]) -> None:
        for answer in answers:
            if answer.topic == DEAD_LETTERS:
                origin = dict(answer.record.headers).get("dlq-topic", b"").decode()
                self.metrics.dead_letters.add(origin)
            elif answer.topic == EVENTS:  # refusals, and outcomes that are told once more
                event: dict[str, Any] = msgspec.json.decode(answer.record.value or b"{}")
                if event.get("type") == "SagaRefused":
                    self.metrics.start_refusals.add(event["data"]["code"])
